#include "gateway/search.hpp"

#include "base/utf8.hpp"
#include "crypto/hash.hpp"
#include "gateway/fields.hpp"
#include "gateway/page_token.hpp"
#include "gateway/viewer.hpp"
#include "store/inbox/search.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace unibox::gateway {
namespace {

constexpr std::int32_t kPageSizeDefault = 20;
constexpr std::int32_t kPageSizeMax = 50;
constexpr std::size_t kLabelBytesMax = 255;
constexpr std::size_t kFoldedBytesMax = 512;
constexpr std::size_t kUuidBytes = 16;
constexpr std::size_t kPlaceBytes = 8 + kUuidBytes + 8;
// What PostgreSQL can read in a token that somebody made up.
constexpr std::int64_t kYear9999Us = 253'402'300'799'999'999;

Result<std::int32_t> PageSize(std::int32_t asked) {
    if (asked == 0) return kPageSizeDefault;
    if (asked < 0) return WrongField("page_size", "0 (for 20) or more");
    return std::min(asked, kPageSizeMax);
}

// What is wrong with the words, as of the field.
Status WrongQuery(const Status& status) {
    return InvalidArgument("q " + status.message()).WithReason("VALUE_INVALID").WithField("q");
}

template <class Request>
Result<store::SearchScope> ScopeOf(const Caller& caller, const Request& request) {
    store::SearchScope scope{caller.principal.tenant, ViewerOf(caller.principal).member, {}};
    if (request.channel_id().empty()) return scope;
    UNIBOX_ASSIGN_OR_RETURN(scope.channel, ParseId<ChannelId>("channel_id", request.channel_id()));
    return scope;
}

// Words and filters may be long, and the checksum of a token wants a name of them.
template <class Request>
std::string ListName(std::string_view kind, const Request& request) {
    Request same = request;
    same.clear_page_size();
    same.clear_page_token();
    return std::string(kind) + "/" + crypto::Sha256(same.SerializeAsString());
}

Result<store::FoundPosition> ParsePosition(std::string_view place) {
    if (place.size() != kPlaceBytes) return PageTokenInvalid();
    store::FoundPosition position;
    position.created_us = UnpackInt64(place);
    if (position.created_us < 0 || position.created_us > kYear9999Us) return PageTokenInvalid();
    UNIBOX_ASSIGN_OR_RETURN(const Uuid id, Uuid::FromBytes(place.substr(8, kUuidBytes)));
    position.conversation = ConversationId{id};
    position.seq = UnpackInt64(place.substr(8 + kUuidBytes));
    return position;
}

std::string PlaceOf(const store::FoundPosition& position) {
    return PackInt64(position.created_us) + position.conversation.value.ToBytes() +
           PackInt64(position.seq);
}

Status TakeTimes(const v1::SearchMessagesRequest& request, store::MessageSearch* search) {
    if (request.has_start_time()) {
        UNIBOX_ASSIGN_OR_RETURN(search->from_ms, UnixMillisOf("start_time", request.start_time()));
    }
    if (request.has_end_time()) {
        UNIBOX_ASSIGN_OR_RETURN(search->until_ms, UnixMillisOf("end_time", request.end_time()));
    }
    return {};
}

Status TakeFilters(const v1::SearchMessagesRequest& request, store::MessageSearch* search) {
    if (!v1::ConversationStatus_IsValid(request.status())) {
        return WrongField("status", "a value of ConversationStatus");
    }
    search->status = request.status();
    search->unassigned = request.unassigned();
    if (!request.assignee_id().empty()) {
        UNIBOX_ASSIGN_OR_RETURN(
            search->assignee, ParseId<AgentId>("assignee_id", request.assignee_id())
        );
        if (request.unassigned()) return WrongField("unassigned", "false with assignee_id");
    }
    if (request.label().size() > kLabelBytesMax ||
        request.label().find('\0') != std::string::npos) {
        return WrongField("label", "at most 255 bytes, without U+0000");
    }
    search->label = request.label();
    return TakeTimes(request, search);
}

}  // namespace

Status Search::Failed(const Status& status) const {
    switch (status.code()) {
        case Code::kDeadlineExceeded:
            return Status(
                       Code::kDeadlineExceeded,
                       "too much has these words: ask for more of them, or for a narrower time"
            )
                .WithReason("SEARCH_TOO_BROAD");
        case Code::kUnavailable:
        case Code::kAborted:
        case Code::kResourceExhausted:
            outage_.Warn(status);
            return Unavailable("the database does not answer now")
                .WithReason("DATABASE_UNAVAILABLE");
        default:
            outage_.Warn(status);
            return Internal(status.ToString());
    }
}

Status Search::SearchMessages(
    const Caller& caller,
    const v1::SearchMessagesRequest& request,
    v1::SearchMessagesResponse& response
) const {
    UNIBOX_ASSIGN_OR_RETURN(const store::SearchScope scope, ScopeOf(caller, request));
    store::MessageSearch search;
    auto words = search::ParseQuery(request.q());
    if (!words.ok()) return WrongQuery(words.status());
    search.words = std::move(words).value();
    UNIBOX_RETURN_IF_ERROR(TakeFilters(request, &search));
    UNIBOX_ASSIGN_OR_RETURN(search.count_max, PageSize(request.page_size()));
    search.time_max = time_max_;
    const std::string list = ListName("search/messages", request);
    if (!request.page_token().empty()) {
        UNIBOX_ASSIGN_OR_RETURN(
            const std::string place, DecodePageToken(scope.tenant, list, request.page_token())
        );
        UNIBOX_ASSIGN_OR_RETURN(search.after, ParsePosition(place));
    }
    auto page = store::SearchMessages(pool_, scope, search, caller.call.deadline);
    if (!page.ok()) return Failed(page.status());
    for (v1::FoundMessage& message : page->messages) *response.add_messages() = std::move(message);
    response.set_partial(page->partial);
    if (page->next) {
        response.set_next_page_token(EncodePageToken(scope.tenant, list, PlaceOf(*page->next)));
    }
    return {};
}

Status Search::SearchContacts(
    const Caller& caller,
    const v1::SearchContactsRequest& request,
    v1::SearchContactsResponse& response
) const {
    UNIBOX_ASSIGN_OR_RETURN(const store::SearchScope scope, ScopeOf(caller, request));
    store::ContactSearch search;
    auto words = search::ContactQueryOf(scope.tenant, request.q());
    if (!words.ok()) return WrongQuery(words.status());
    search.words = std::move(words).value();
    UNIBOX_ASSIGN_OR_RETURN(search.count_max, PageSize(request.page_size()));
    const std::string list = ListName("search/contacts", request);
    if (!request.page_token().empty()) {
        UNIBOX_ASSIGN_OR_RETURN(
            const std::string place, DecodePageToken(scope.tenant, list, request.page_token())
        );
        const bool fits =
            place.size() >= kUuidBytes && place.size() <= kUuidBytes + kFoldedBytesMax;
        if (!fits || !IsCleanText(std::string_view(place).substr(kUuidBytes))) {
            return PageTokenInvalid();
        }
        UNIBOX_ASSIGN_OR_RETURN(const Uuid id, Uuid::FromBytes(place.substr(0, kUuidBytes)));
        search.after = {place.substr(kUuidBytes), ContactId{id}};
    }
    auto page = store::SearchContacts(pool_, scope, search, caller.call.deadline);
    if (!page.ok()) return Failed(page.status());
    for (v1::Contact& contact : page->contacts) *response.add_contacts() = std::move(contact);
    if (page->next) {
        const std::string place = page->next->contact.value.ToBytes() + page->next->folded;
        response.set_next_page_token(EncodePageToken(scope.tenant, list, place));
    }
    return {};
}

}  // namespace unibox::gateway
