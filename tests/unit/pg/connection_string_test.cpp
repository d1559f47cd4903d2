#include "pg/connection_string.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

namespace unibox::pg {
namespace {

using Cases = std::vector<std::pair<std::string, std::string>>;

void CheckAll(const Cases& cases) {
    for (const auto& [given, masked] : cases) {
        INFO(given);
        CHECK(MaskConnectionString(given) == masked);
    }
}

TEST_CASE("ConnectionString: what has no secret is printed as it is", "[unit][pg]") {
    for (const char* text :
         {"postgresql://u@h/db",
          "postgresql://u@[::1]:5432/db",
          "postgresql://[::1]:1,h:2/db",
          "postgresql:///db?host=/tmp",
          "postgres://h",
          "host=h  port=1,2",
          "user=u@tenant host=h",
          ""}) {
        CHECK(MaskConnectionString(text) == text);
    }
}

TEST_CASE("ConnectionString: passwords of URIs are masked", "[unit][pg]") {
    CheckAll({
        {"postgresql://u:p@h:5432/db", "user=u password=**** dbname=db host=h port=5432"},
        {"postgres://u:p@h/db", "user=u password=**** dbname=db host=h"},
        {"postgresql://u:p,w@h/db", "user=u password=**** dbname=db host=h"},
        {"postgresql://u:p?w@h/db", "user=u password=**** dbname=db host=h"},
        {"postgresql://u:p=w@h/db", "user=u password=**** dbname=db host=h"},
        {"postgresql://u:p@a:1,b:2/db", "user=u password=**** dbname=db host=a,b port=1,2"},
        {"postgresql://h/db?user=u&password=p", "user=u password=**** dbname=db host=h"},
        {"postgresql://h/db?sslpassword=p", "dbname=db host=h sslpassword=****"},
        {"postgresql://h/db?pass%77ord=p", "password=**** dbname=db host=h"},
        {"postgresql://u:p@h/db?options=-c%20x%3Dy",
         "user=u password=**** dbname=db host=h options='-c x=y'"},
    });
}

TEST_CASE("ConnectionString: passwords among keywords are masked", "[unit][pg]") {
    CheckAll({
        {"host=h password=p dbname=d", "password=**** dbname=d host=h"},
        {"host=h password='p q'", "password=**** host=h"},
        {"host=h password = hunter2", "password=**** host=h"},
        {"host=h password='a\\'bsecret'", "password=**** host=h"},
        {"password='x'host=h", "password=**** host=h"},
        {"password=a://b:c@d host=h", "password=**** host=h"},
        {"host=h password=", "password=**** host=h"},
        {"password=p application_name='a\\'b'", "password=**** application_name='a\\'b'"},
    });
}

TEST_CASE("ConnectionString: what libpq reads otherwise is masked whole", "[unit][pg]") {
    for (const std::string text :
         {"postgresql://u:p@ss@h/db",  // The password ends with the first @.
          "postgresql://u:p/w@h/db",   // The host ends with the /.
          "postgresql://u:12/w@h/db",
          "postgresql://u:secret/db",  // A port.
          "postgresql://u:p@h/db?x=1",
          "host=h password='open",
          "host=h hunter2",
          "hunter2",
          "Password=x",
          "token=abc@h:4222"}) {
        INFO(text);
        CHECK(MaskConnectionString(text) == "****");
    }
    CHECK(MaskConnectionString(std::string("host=h\0password=p", 17)) == "****");
}

TEST_CASE("ConnectionString: libpq must be able to read it", "[unit][pg]") {
    CHECK(IsConnectionString("postgresql://u:p@h/db"));
    CHECK(IsConnectionString("host=h"));
    CHECK_FALSE(IsConnectionString(""));
    CHECK_FALSE(IsConnectionString("h"));
    CHECK_FALSE(IsConnectionString("postgresql://h/db?x=1"));
}

TEST_CASE("ConnectionString: each of several hosts by itself", "[unit][pg]") {
    const std::string several =
        "postgresql://u@a:1,b:2/db?sslmode=disable&target_session_attrs=read-write";
    const auto urls = ConnectionStringPerHost(several);
    REQUIRE(urls.size() == 2);
    for (const auto& [url, server] : Cases{{urls[0], "a:1"}, {urls[1], "b:2"}}) {
        INFO(url);
        CHECK(IsConnectionString(url));
        CHECK(FirstServer(url) == server);
        CHECK(ConnectionStringPerHost(url) == std::vector{url});
        for (const char* kept :
             {"user=u", "dbname=db", "sslmode=disable", "target_session_attrs=read-write"}) {
            CHECK(url.find(kept) != std::string::npos);
        }
    }
    CHECK(FirstServer(ConnectionStringPerHost("host=a,b port=7")[1]) == "b:7");
    CHECK(ConnectionStringPerHost("host=a,b hostaddr=1.1.1.1,2.2.2.2").size() == 2);
    CHECK(
        ConnectionStringPerHost("host=a,b password='x y\\'z'")[1].find("'x y\\'z'") !=
        std::string::npos
    );
    // One host, hosts that are compared, and what cannot be read stay what they are.
    for (const std::string text :
         {"host=a", "", "nonsense", "host=a,b target_session_attrs=prefer-standby"}) {
        CHECK(ConnectionStringPerHost(text) == std::vector{text});
    }
}

TEST_CASE("ConnectionString: the name of its server, for people", "[unit][pg]") {
    CHECK(FirstServer("postgresql://u:secret@h:6543/db") == "h:6543");
    CHECK(FirstServer("hostaddr=10.0.0.1") == "10.0.0.1:5432");
    CHECK(FirstServer("dbname=x") == "localhost:5432");
    CHECK(FirstServer("nonsense").empty());
}

}  // namespace
}  // namespace unibox::pg
