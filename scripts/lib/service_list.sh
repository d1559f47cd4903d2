# Sourced by what needs the list of services: scripts/services.txt as arrays.

services=()
declare -A short_name role_of listeners_of needs_of

read_services() {
    local name short role listeners needs
    while read -r name short role listeners needs; do
        services+=("$name")
        short_name[$name]=$short role_of[$name]=$role listeners_of[$name]=$listeners needs_of[$name]=$needs
    done < <(grep -v '^#' "$repo/scripts/services.txt")
}
read_services
# The operator's command has settings and a role as they do, and listens nowhere.
short_name[uniboxctl]=ctl role_of[uniboxctl]=ub_admin listeners_of[uniboxctl]=- needs_of[uniboxctl]=postgres,nats,seal_key,public_url

listens() { [[ ,${listeners_of[$1]}, == *,$2,* ]]; }
needs() { [[ ,${needs_of[$1]}, == *,$2,* ]]; }
