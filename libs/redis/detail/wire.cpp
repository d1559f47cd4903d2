#include "redis/detail/wire.hpp"

#include "base/assert.hpp"

#include <hiredis/hiredis.h>

#include <cstdlib>
#include <utility>
#include <vector>

namespace unibox::redis::detail {
namespace {

// The reply that a task fills: a new one, or its place in the array around it. Null, which hiredis
// takes for a lack of memory: there are too many.
Reply* PlaceOf(const redisReadTask* task, Reply&& content) {
    auto& item_count = *static_cast<std::size_t*>(task->privdata);
    if (++item_count > kReplyItemsMax) return nullptr;
    if (task->parent == nullptr) return new Reply(std::move(content));
    auto& around = *static_cast<Reply*>(task->parent->obj);
    Reply& place = around.items()[static_cast<std::size_t>(task->idx)];
    place = std::move(content);
    return &place;
}

void* CreateText(const redisReadTask* task, char* text, std::size_t size) {
    std::string copy(text, size);
    const bool is_error = task->type == REDIS_REPLY_ERROR;
    return PlaceOf(
        task, is_error ? Reply::OfError(std::move(copy)) : Reply::OfText(std::move(copy))
    );
}

void* CreateArray(const redisReadTask* task, int size) {
    const auto& item_count = *static_cast<const std::size_t*>(task->privdata);
    const auto wanted = static_cast<std::size_t>(size);
    if (size < 0 || item_count + wanted > kReplyItemsMax) return nullptr;
    return PlaceOf(task, Reply::OfArray(std::vector<Reply>(wanted)));
}

void* CreateInteger(const redisReadTask* task, long long integer) {
    return PlaceOf(task, Reply::OfInteger(integer));
}

void* CreateNil(const redisReadTask* task) {
    return PlaceOf(task, Reply());
}

// Of the outermost one; the others are parts of it.
void FreeReply(void* reply) {
    delete static_cast<Reply*>(reply);
}

redisReplyObjectFunctions kFunctions = {
    CreateText, CreateArray, CreateInteger, CreateNil, FreeReply};

std::string Bulk(std::string_view text) {
    return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

}  // namespace

std::string Encode(std::span<const std::string> parts) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string& part : parts) {
        texts.push_back(part.data());
        sizes.push_back(part.size());
    }
    char* bytes = nullptr;
    const int size =
        redisFormatCommandArgv(&bytes, static_cast<int>(parts.size()), texts.data(), sizes.data());
    UNIBOX_ASSERT(size > 0);  // It fails for a lack of memory alone.
    const std::unique_ptr<char, decltype(&std::free)> owner(bytes, &std::free);
    return {bytes, static_cast<std::size_t>(size)};
}

std::string AsEval(std::string_view evalsha, const ScriptText& script) {
    const std::size_t name = evalsha.find("\r\n") + 2;
    const std::size_t rest = evalsha.find(script.sha) + script.sha.size() + 2;
    return std::string(evalsha.substr(0, name)) + Bulk("EVAL") + Bulk(script.source) +
           std::string(evalsha.substr(rest));
}

void ReplyReader::Free::operator()(redisReader* reader) const {
    redisReaderFree(reader);
}

ReplyReader::ReplyReader(std::size_t reply_bytes_max)
    : reply_bytes_max_(reply_bytes_max), reader_(redisReaderCreateWithFunctions(&kFunctions)) {
    UNIBOX_ASSERT(reader_ != nullptr);
    reader_->privdata = &item_count_;
}

Status ReplyReader::Feed(std::string_view bytes) {
    unanswered_bytes_ += bytes.size();
    if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) == REDIS_OK) return {};
    return Unavailable(std::string("cannot read the reply: ") + reader_->errstr);
}

Result<std::optional<Reply>> ReplyReader::Next() {
    void* read = nullptr;
    if (redisReaderGetReply(reader_.get(), &read) != REDIS_OK) {
        if (reader_->err != REDIS_ERR_OOM) {
            return Unavailable(std::string("cannot read the reply: ") + reader_->errstr);
        }
        return Unavailable(
            "a reply has more than " + std::to_string(kReplyItemsMax) + " parts, or memory is short"
        );
    }
    if (read == nullptr) {
        if (unanswered_bytes_ <= reply_bytes_max_) return std::optional<Reply>();
        return Unavailable(
            "a reply is larger than reply_bytes_max (" + std::to_string(reply_bytes_max_) + ")"
        );
    }
    const std::unique_ptr<Reply> reply(static_cast<Reply*>(read));
    item_count_ = 0;
    unanswered_bytes_ = reader_->len - reader_->pos;
    return std::optional<Reply>(std::move(*reply));
}

}  // namespace unibox::redis::detail
