#!/usr/bin/env bash
# A day of an agent through grpcurl, which knows the API by the gateway's reflection alone.
#
# usage: story.sh GRPCURL   (UNIBOX_GATEWAY_GRPC, UNIBOX_API_KEY)
set -euo pipefail

grpcurl=$1
inbox=unibox.v1.InboxService

fail() {
    echo "story.sh: $*" >&2
    exit 1
}

# call METHOD JSON: its answer; fails with gRPC's code and text.
call() {
    "$grpcurl" -plaintext -H "authorization: Bearer $UNIBOX_API_KEY" -d "$2" "$UNIBOX_GATEWAY_GRPC" "$inbox/$1"
}

# told FILTER WANTED: what jq makes of the answer on standard input.
told() {
    local got
    got=$(jq -r "$1")
    [[ $got == "$2" ]] || fail "$1 is $got, not $2"
}

# refused METHOD JSON CODE REASON
refused() {
    local said
    said=$(call "$1" "$2" 2>&1) && fail "$1 was not refused"
    [[ $said == *"Code: $3"* && $said == *"$4"* ]] || fail "$1 was refused otherwise: $said"
}

"$grpcurl" -plaintext "$UNIBOX_GATEWAY_GRPC" list | grep -qx "$inbox" || fail "reflection does not tell $inbox"
"$grpcurl" -plaintext "$UNIBOX_GATEWAY_GRPC" describe "$inbox.AppendMessage" | grep -q AppendMessageRequest

id=$(call ListConversations '{"page_size": 100}' |
    jq -r '[.conversations[] | select(.status == "CONVERSATION_STATUS_OPEN")][-1].id // empty')
[[ -n $id ]] || fail "no conversation is open"
of="\"conversation_id\": \"$id\""

call MarkRead "{$of}" | told '.conversation.unread_count // "0"' 0
call AppendMessage "{$of, \"kind\": \"MESSAGE_KIND_NOTE\", \"text\": \"by grpcurl\"}" | told .message.kind MESSAGE_KIND_NOTE
key="\"request_id\": \"$(cat /proc/sys/kernel/random/uuid)\""
first=$(call AppendMessage "{$of, $key, \"text\": \"Hello from grpcurl\"}" | jq 'del(.consistency_token)')  # Which may be a later one.
told .message.delivery_state DELIVERY_STATE_QUEUED <<<"$first"
call AppendMessage "{$of, $key, \"text\": \"Hello from grpcurl\"}" | told 'del(.consistency_token)' "$first"
refused AppendMessage "{$of, $key, \"text\": \"Another\"}" InvalidArgument "request_id"
version=$(jq -r .conversation.version <<<"$first")

call ChangeLabels "{$of, \"add\": [\"reflected\"]}" | told '.conversation.labels | index("reflected") != null' true
refused SetPriority "{$of, \"if_version\": $version, \"priority\": \"PRIORITY_HIGH\"}" Aborted "$((version + 1))"
tomorrow=$(date -u -d '+1 day' +%Y-%m-%dT%H:%M:%SZ)
call SnoozeConversation "{$of, \"snooze_time\": \"$tomorrow\"}" | told .conversation.status CONVERSATION_STATUS_SNOOZED
call OpenConversation "{$of}" | told .conversation.status CONVERSATION_STATUS_OPEN
call CloseConversation "{$of, \"note\": \"done\"}" | told .note.text "done"
refused PendConversation "{$of}" FailedPrecondition "CONVERSATION_STATUS_CLOSED"
call ListMessages "{$of}" | told '[.messages[] | select(.text == "Hello from grpcurl")] | length' 1
call ListConversationAudit "{$of}" | told '.commands[0].action' set_status
refused GetConversation '{"conversation_id": "01890000-0000-7000-8000-000000000000"}' NotFound "no such conversation"
echo "grpcurl did all of it, by reflection"
