#include "config/mask.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace unibox;  // NOLINT(google-build-using-namespace)

namespace {

using Cases = std::vector<std::pair<std::string, std::string>>;

void CheckAll(const Cases& cases) {
    for (const auto& [given, masked] : cases) {
        INFO(given);
        CHECK(config::MaskPasswords(given) == masked);
    }
}

}  // namespace

TEST_CASE("MaskPasswords: URIs of PostgreSQL", "[unit][config]") {
    CheckAll({
        {"postgresql://u:p@h:5432/db?x=1", "postgresql://u:****@h:5432/db?x=1"},
        {"postgres://u:p@h/db", "postgres://u:****@h/db"},
        {"postgresql://u:p@ss@h/db", "postgresql://u:****@h/db"},
        {"postgresql://u:p,w@h/db", "postgresql://u:****@h/db"},
        {"postgresql://u:p?w@h/db", "postgresql://u:****@h/db"},
        {"postgresql://u:p w@h/db", "postgresql://u:****@h/db"},
        {"postgresql://u:p/w@h/db", "postgresql://u:****@h/db"},
        {"postgresql://u:p=w@h/db", "postgresql://u:****@h/db"},
        {"postgresql://u:p@a:1,b:2/db", "postgresql://u:****@a:1,b:2/db"},
        {"postgresql://u@h/db", "postgresql://u@h/db"},
        {"postgresql://u@[::1]:5432/db", "postgresql://u@[::1]:5432/db"},
        {"postgresql://[::1]:1,h:2/db", "postgresql://[::1]:1,h:2/db"},
        {"postgresql:///db?host=/tmp", "postgresql:///db?host=/tmp"},
        {"postgresql://h/db?user=u&password=p&x=1", "postgresql://h/db?user=u&password=****&x=1"},
        {"postgresql://h:5432/db?password=x@y?z", "postgresql://h:5432/db?password=****"},
        {"postgresql://h/db?sslpassword=p", "postgresql://h/db?sslpassword=****"},
        {"postgresql://h/db?pass%77ord=p", "postgresql://h/db?pass%77ord=****"},
        {"postgresql://u:p?w@h/db?password=x@y", "postgresql://u:****@h/db?password=****"},
        {"postgresql://u:secret/db", "postgresql://****"},
    });
}

TEST_CASE("MaskPasswords: keywords, read as libpq reads them", "[unit][config]") {
    CheckAll({
        {"host=h password=p dbname=d", "host=h password=**** dbname=d"},
        {"host=h password='p q' dbname=d", "host=h password=**** dbname=d"},
        {"host=h password = hunter2", "host=h password = ****"},
        {"host=h password='a\\'bsecret'", "host=h password=****"},
        {"password=a\\ bsecret host=h", "password=**** host=h"},
        {"password='a\\\\' host=h", "password=**** host=h"},
        {"password='x'host=h", "password=****host=h"},
        {"\thost=h\n password\t=\n'p q'\tport=1", "\thost=h\n password\t=\n****\tport=1"},
        {"host=h sslpassword=p", "host=h sslpassword=****"},
        {"host=h password=a://b:c@d", "host=h password=****"},
        {"user=u@tenant host=h", "user=u@tenant host=h"},
        {"host=h password=", "host=h password=****"},
        // libpq would refuse these: nobody knows where the password stands.
        {"host=h password='open", "****"},
        {"host=h hunter2", "****"},
        {"host=h hunter2 port=1", "****"},
        {"=x", "****"},
        {"Password=x", "****"},
        {"user:se=cret@h:4222", "****"},
        {"token=abc@h:4222", "token=****"},
    });
}

TEST_CASE("MaskPasswords: server lists of NATS", "[unit][config]") {
    CheckAll({
        {"nats://u:p@a:4222,nats://u:q@b:4222", "nats://u:****@a:4222,nats://u:****@b:4222"},
        {"nats://u:p@h,u2:p2@h2", "nats://u:****@h,u2:****@h2"},
        {"nats://u:p@h, u2:p2@h2:1", "nats://u:****@h, u2:****@h2:1"},
        {"nats://token@a:4222", "nats://****@a:4222"},
        {"tls://token@a:4222", "tls://****@a:4222"},
        {"user:secret@h:4222", "user:****@h:4222"},
        {"token@h:4222", "****@h:4222"},
        {"nats://u:p@w@h", "nats://u:****@h"},
        {"nats://u:p=w?x/y@h", "nats://u:****@h"},
        {"nats://u:p,w@h", "****,****@h"},  // The comma ends the first server.
        {"nats://a:4222", "nats://a:4222"},
        {"nats://a:4222/, tls://[::1]:1", "nats://a:4222/, tls://[::1]:1"},
        {"localhost", "localhost"},
        {",a", ",a"},
        {"", ""},
    });
}
