// What both ways into the standard channel may hold.
#include "channels/standard/rules.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <limits>

namespace unibox::channels {
namespace {

using test::IsOk;

TEST_CASE("StandardRules: text is UTF-8 without NUL and within its limit", "[unit][channels]") {
    CHECK_THAT(CheckStandardText("", "f", 5), IsOk());
    CHECK_THAT(CheckStandardText("\xE4\xBD\xA0", "f", 3), IsOk());
    CHECK(CheckStandardText("\xE4\xBD\xA0", "f", 2).field() == "f");
    CHECK(CheckStandardText("\xE4\xBD", "f", 5).field() == "f");
    CHECK(CheckStandardText("\xED\xA0\x80", "f", 5).field() == "f");  // A surrogate.
    CHECK(CheckStandardText(std::string_view("a\0b", 3), "f", 5).field() == "f");
    CHECK(CheckStandardId("", "f", Need::kRequired).field() == "f");
    CHECK_THAT(CheckStandardId("", "f", Need::kOptional), IsOk());
    CHECK_THAT(CheckStandardId(std::string(255, 'i'), "f", Need::kRequired), IsOk());
    CHECK(CheckStandardId(std::string(256, 'i'), "f", Need::kRequired).field() == "f");
}

TEST_CASE("StandardRules: times and counts have two ends", "[unit][channels]") {
    CHECK_THAT(CheckStandardTime(1, "f"), IsOk());
    CHECK(CheckStandardTime(0, "f").field() == "f");
    CHECK(CheckStandardTime(std::numeric_limits<std::int64_t>::min(), "f").field() == "f");
    CHECK_THAT(CheckStandardAttachmentCount(64, "f"), IsOk());
    CHECK(CheckStandardAttachmentCount(65, "f").field() == "f");
}

TEST_CASE("StandardRules: an attachment's field is named as its caller does", "[unit][channels]") {
    const auto field_of = [](const std::function<void(v1::Attachment&)>& change) {
        v1::Attachment attachment;
        attachment.set_type(v1::ATTACHMENT_TYPE_LOCATION);
        attachment.set_latitude(-90);
        attachment.set_longitude(180);
        change(attachment);
        return CheckStandardAttachment(attachment, "a[0]", "id").field();
    };
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    CHECK(field_of([](auto&) {}).empty());
    CHECK(field_of([](auto& a) { a.clear_type(); }) == "a[0].type");
    CHECK(field_of([](auto& a) {
              a.set_type(static_cast<v1::AttachmentType>(11));
          }) == "a[0].type");
    CHECK(field_of([](auto& a) { a.set_latitude(kNan); }) == "a[0].latitude");
    CHECK(field_of([](auto& a) { a.set_latitude(90.1); }) == "a[0].latitude");
    CHECK(field_of([](auto& a) { a.set_longitude(kInfinity); }) == "a[0].longitude");
    CHECK(field_of([](auto& a) { a.set_longitude(-180.1); }) == "a[0].longitude");
    CHECK(field_of([](auto& a) { a.set_type(v1::ATTACHMENT_TYPE_FILE); }) == "a[0].latitude");
    CHECK(field_of([](auto& a) { a.set_size_bytes(-1); }) == "a[0].size_bytes");
    CHECK(field_of([](auto& a) { a.set_name("\xFF"); }) == "a[0].name");
    CHECK(field_of([](auto& a) { a.set_mime_type(std::string(256, 'm')); }) == "a[0].mime_type");
    CHECK(field_of([](auto& a) { a.set_url(std::string(2'049, 'u')); }) == "a[0].url");
    CHECK(field_of([](auto& a) { a.set_provider_media_id(std::string(256, 'i')); }) == "a[0].id");
}

}  // namespace
}  // namespace unibox::channels
