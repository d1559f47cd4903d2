#include "auth/bearer.hpp"

#include "auth/scopes.hpp"

#include <catch2/catch.hpp>

#include <string>

using unibox::auth::BearerToken;

TEST_CASE("Bearer: the scheme is a word in any case, blanks do not count", "[unit][auth]") {
    for (const std::string value :
         {"Bearer t",
          "bearer t",
          "BEARER t",
          "bEaReR t",
          "Bearer   t",
          "Bearer\tt",
          " Bearer t ",
          "\tBearer t\t"}) {
        INFO(value);
        CHECK(BearerToken(value) == "t");
    }
}

TEST_CASE("Bearer: anything else is no token, or one that is no key", "[unit][auth]") {
    for (const std::string value :
         {"", " ", "Bearer", "Bearer ", "Bearert", "Basic t", "t", "Bear er t", "\"Bearer\" t"}) {
        INFO(value);
        CHECK_FALSE(BearerToken(value).has_value());
    }
    CHECK(BearerToken("Bearer a, Bearer b") == "a, Bearer b");
    CHECK(BearerToken("Bearer a b") == "a b");
    CHECK(BearerToken("Bearer t\n") == "t\n");  // Only spaces and tabs are trimmed.
}

TEST_CASE("Scopes: a word is one of the list, or none", "[unit][auth]") {
    for (const auto scope : unibox::auth::kScopes) CHECK(unibox::auth::IsScope(scope));
    for (const std::string word : {"", "inbox", "inbox:read ", "INBOX:READ"}) {
        CHECK_FALSE(unibox::auth::IsScope(word));
    }
    CHECK(
        unibox::auth::ScopeList() ==
        "inbox:read, inbox:write, ingest:write, admin:read, admin:write, operator:write"
    );
}
