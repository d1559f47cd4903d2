#include "http/gzip.hpp"

#include <zlib.h>

#include <catch2/catch.hpp>

#include <string>

namespace unibox::http {
namespace {

std::string Unpacked(const std::string& packed) {
    z_stream stream{};
    REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
    std::string body(1 << 20, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(body.data());
    stream.avail_out = static_cast<uInt>(body.size());
    REQUIRE(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    body.resize(stream.total_out);
    inflateEnd(&stream);
    return body;
}

Response Packed(std::string_view accept_encoding, Response response) {
    Request request;
    if (!accept_encoding.empty()) {
        request.headers.push_back({"accept-encoding", accept_encoding});
    }
    PackBody(request, &response);
    return response;
}

Response Json(std::size_t bytes) {
    Response response;
    response.content_type = "application/json";
    response.body = std::string(bytes, 'x');
    return response;
}

TEST_CASE("Gzip: who takes it, and who does not", "[unit][http]") {
    for (const std::string_view yes :
         {"gzip",
          "GZIP",
          "x-gzip",
          "br, gzip",
          "gzip;q=0.5",
          "gzip ; q=0.001",
          "*",
          "br;q=1, *;q=0.1",
          "identity;q=0, gzip;q=1.0"}) {
        INFO(yes);
        CHECK(AcceptsGzip(yes));
    }
    for (const std::string_view no :
         {"", "identity", "br", "gzip;q=0", "gzip; Q=0.000", "*;q=0", "gzip;q=0, *", "gzipped"}) {
        INFO(no);
        CHECK_FALSE(AcceptsGzip(no));
    }
}

TEST_CASE("Gzip: a body that is worth it is packed, and says so", "[unit][http]") {
    Response whole = Json(kGzipBytesMin);
    whole.headers.push_back({"ETag", "\"12\""});
    const Response packed = Packed("gzip", whole);
    CHECK(packed.Find("Content-Encoding") == "gzip");
    CHECK(packed.Find("Vary") == "Accept-Encoding");
    CHECK(packed.Find("ETag") == "W/\"12\"");  // Of other bytes.
    CHECK(packed.body.size() < whole.body.size());
    CHECK(Unpacked(packed.body) == whole.body);
    whole.headers[0].value = "W/\"a\"";
    CHECK(Packed("gzip", whole).Find("ETag") == "W/\"a\"");
}

TEST_CASE("Gzip: what is small, or was not asked for, stays as it is", "[unit][http]") {
    const Response small = Packed("gzip", Json(kGzipBytesMin - 1));
    CHECK(small.body == Json(kGzipBytesMin - 1).body);
    CHECK(small.headers.empty());
    const Response unasked = Packed("", Json(kGzipBytesMin));
    CHECK(unasked.body == Json(kGzipBytesMin).body);
    CHECK_FALSE(unasked.Find("Content-Encoding").has_value());
    CHECK(unasked.Find("Vary") == "Accept-Encoding");  // A cache must know.
    Response encoded = Json(kGzipBytesMin);
    encoded.headers.push_back({"Content-Encoding", "br"});
    CHECK(Packed("gzip", encoded).headers.size() == 1);
}

TEST_CASE("Gzip: what does not get smaller goes out as it is", "[unit][http]") {
    Response noise = Json(kGzipBytesMin);
    std::uint32_t state = 1;
    for (char& byte : noise.body) {
        state = state * 1'664'525 + 1'013'904'223;
        byte = static_cast<char>(state >> 24U);
    }
    noise.headers.push_back({"ETag", "\"1\""});
    const Response same = Packed("gzip", noise);
    CHECK(same.body == noise.body);
    CHECK_FALSE(same.Find("Content-Encoding").has_value());
    CHECK(same.Find("ETag") == "\"1\"");
}

}  // namespace
}  // namespace unibox::http
