// The feed and the API tell the same of the same rows, member by member.
#include "committer_fixture.hpp"
#include "store/inbox/contacts.hpp"
#include "store/inbox/reads.hpp"
#include "support/command_builder.hpp"
#include "support/status_matchers.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/util/message_differencer.h>

#include <set>

namespace unibox::test {
namespace {

namespace pb = google::protobuf;

std::string Differences(const pb::Message& feed, const pb::Message& api) {
    std::string differences;
    pb::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&differences);
    differencer.Compare(feed, api);
    return differences;
}

// `name` ("message", "conversation") of what the event tells; null if it does not tell it.
const pb::Message* PartOf(const event::v1::FeedEvent& event, const std::string& name) {
    const auto* bodies = event.GetDescriptor()->FindOneofByName("body");
    const auto* body = event.GetReflection()->GetOneofFieldDescriptor(event, bodies);
    const pb::Message& told = event.GetReflection()->GetMessage(event, body);
    const auto* field = told.GetDescriptor()->FindFieldByName(name);
    if (field == nullptr || !told.GetReflection()->HasField(told, field)) return nullptr;
    return &told.GetReflection()->GetMessage(told, field);
}

class Views {
public:
    // Writes the events; what the feed told last of each message and of the conversation is what
    // the API shows now.
    void WriteAndCompare(const std::vector<event::v1::InboundEvent>& events) {
        const std::size_t before = inbox.feed().size();
        REQUIRE(inbox.Write(events));
        CompareFeedFrom(before);
    }
    // The same of what an agent does in the conversation of Anna, who has written.
    void DoAndCompare(const std::function<void(CommandBuilder&)>& what) {
        const std::size_t before = inbox.feed().size();
        const ConversationId id{
            *Uuid::Parse(inbox.Ask("SELECT conversation_id FROM conversations"))};
        CommandBuilder command({TenantId{1}, id});
        what(command.By(AnAgent(1)).At(NowMs()));
        REQUIRE_OK(inbox.Do(command).status);
        CompareFeedFrom(before);
    }
    // What somebody does with Anna herself.
    void ChangeContactAndCompare(const std::function<void(CommandBuilder&)>& what) {
        const ContactId id{*Uuid::Parse(inbox.Ask("SELECT contact_id FROM contacts"))};
        CommandBuilder command(TenantId{1}, id);
        what(command.By(AnAgent(1)).At(NowMs()));
        REQUIRE_OK(inbox.Do(command).status);
        Compare(inbox.feed().back().contact_updated().contact());
    }
    // Messages of the feed are over their rate.
    void Flood(int count) {
        std::vector<event::v1::InboundEvent> events;
        for (int i = 0; i < count; ++i) {
            events.push_back(AMessage("flood" + std::to_string(i)).WithText("!").Build());
        }
        WriteAndCompare(events);
    }

    void CompareFeedFrom(std::size_t before) {
        const auto feed = inbox.feed();
        REQUIRE(feed.size() > before);
        v1::Conversation conversation;
        std::map<std::string, v1::Message> messages;
        for (std::size_t i = before; i < feed.size(); ++i) {
            const auto* whole = PartOf(feed[i], "conversation");
            if (whole == nullptr) continue;  // A notice changes nothing.
            conversation.CopyFrom(*whole);
            const auto* part = PartOf(feed[i], "message");
            if (part == nullptr) continue;
            v1::Message message;
            message.CopyFrom(*part);
            messages[message.id()] = message;
        }
        for (const auto& [id, message] : messages) Compare(message);
        Compare(conversation);
    }

    // Fields of the message that no comparison has seen set.
    std::vector<std::string> Unseen(const pb::Descriptor& type) const {
        std::vector<std::string> unseen;
        for (int i = 0; i < type.field_count(); ++i) {
            const std::string& name = type.field(i)->full_name();
            if (!seen_.contains(name)) unseen.push_back(name);
        }
        return unseen;
    }

    CommitterFixture inbox;

private:
    void Note(const pb::Message& message) {
        std::vector<const pb::FieldDescriptor*> fields;
        message.GetReflection()->ListFields(message, &fields);
        for (const auto* field : fields) seen_.insert(field->full_name());
    }

    void Compare(const v1::Message& told) {
        store::MessageQuery query;
        query.conversation = ConversationId{*Uuid::Parse(told.conversation_id())};
        query.seq_above = told.seq() - 1;
        query.seq_below = told.seq() + 1;
        const auto page =
            store::ListMessages(inbox.pool(), TenantId{1}, {}, query, SteadyTime::max());
        REQUIRE_OK(page);
        REQUIRE(page->messages.size() == 1);
        CHECK(Differences(told, page->messages[0]) == "");
        Note(told);
    }

    void Compare(const v1::Conversation& told) {
        const ConversationId id{*Uuid::Parse(told.id())};
        const auto shown =
            store::GetConversation(inbox.pool(), TenantId{1}, {}, id, SteadyTime::max());
        REQUIRE_OK(shown);
        CHECK(Differences(told, *shown) == "");
        Note(told);
        const v1::Contact known = Known(told.contact().id());
        v1::Contact part = known;  // what conversations tell of it
        part.clear_phone();
        part.clear_email();
        part.clear_attributes();
        CHECK(Differences(told.contact(), part) == "");
        Note(told.contact());
    }

    void Compare(const v1::Contact& told) {
        CHECK(Differences(told, Known(told.id())) == "");
        Note(told);
    }

    v1::Contact Known(const std::string& id) {
        const ContactId contact{*Uuid::Parse(id)};
        auto known = store::GetContact(inbox.pool(), TenantId{1}, {}, contact, SteadyTime::max());
        REQUIRE_OK(known);
        Note(*known);
        known->clear_identities();  // that reading it tells alone
        return std::move(known).value();
    }

    std::set<std::string> seen_;
};

event::v1::InboundEvent FullMessage(const std::string& provider_id) {
    auto event = AMessage(provider_id).WithText("good day").Named("Anna").Build();
    event.set_provider(v1::PROVIDER_WHATSAPP);
    auto& message = *event.mutable_message();
    message.set_kind(v1::MESSAGE_KIND_POSTBACK);
    message.set_payload("button-7");
    message.set_reply_to_provider_id("m0");
    auto& attachment = *message.add_attachments();
    attachment.set_url("https://example.com/cat.jpg");
    attachment.set_mime_type("image/jpeg");
    message.mutable_context()->set_album_id("album-1");
    return event;
}

void DoAllAnAgentCan(Views& views) {
    const std::string id = IdOfNumber(1).ToString();
    views.inbox.Run(
        "INSERT INTO agents (tenant_id, agent_id, external_id, name, role) VALUES (1, '" + id +
        "', 'ada', 'Ada', 1);"
        "INSERT INTO teams (tenant_id, team_id, slug, name) VALUES (1, '" +
        id +
        "', 'sales', 'Sales');"
        "INSERT INTO channel_members (tenant_id, channel_id, agent_id) VALUES (1, '" +
        TestChannel().ToString() + "', '" + id + "')"
    );
    views.DoAndCompare([](CommandBuilder& its) {
        its.Text("good day to you").command.mutable_append()->set_client_ref("draft-1");
    });
    views.DoAndCompare([](CommandBuilder& its) { its.Template("welcome"); });
    views.DoAndCompare([](CommandBuilder& its) { its.Priority(v1::PRIORITY_HIGH); });
    views.DoAndCompare([](CommandBuilder& its) { its.Labels({"vip", "north"}); });
    views.DoAndCompare([](CommandBuilder& its) { its.Attributes({{"size", "M"}}); });
    views.DoAndCompare([](CommandBuilder& its) { its.Assign(1, 1); });
    views.DoAndCompare([](CommandBuilder& its) { its.Muted(true); });
    views.DoAndCompare([](CommandBuilder& its) { its.Snooze(NowMs() + 3'600'000); });
    views.Flood(401);  // More than twice what a minute may have, whenever it begins.
}

TEST_CASE("Views: feed and API show the same conversation, messages and contact", "[pg]") {
    Views views;
    const auto whatsapp = std::to_string(static_cast<int>(v1::PROVIDER_WHATSAPP));
    views.inbox.Run("UPDATE channels SET provider = " + whatsapp);
    views.WriteAndCompare({FullMessage("m1")});
    views.WriteAndCompare({AReaction("m1", "+1").Build(), AnEdit("m1", "better day", 1).Build()});
    auto failed = AReceipt("m2", v1::DELIVERY_STATE_FAILED).Build();
    failed.mutable_receipt()->set_error("131026");
    views.WriteAndCompare({AMessage("m2").WithText("answer").Outbound().Build()});
    views.WriteAndCompare({failed});
    views.WriteAndCompare({AnEdit("m2", "better answer", 1).Build()});
    views.WriteAndCompare({FullMessage("m3")});
    views.WriteAndCompare({ADelete("m3").Build()});

    DoAllAnAgentCan(views);
    writer::v1::UpdateContact update;
    update.set_phone("+49 1");
    update.set_email("anna@example.org");
    (*update.mutable_set())["plan"] = "gold";
    views.ChangeContactAndCompare([&](CommandBuilder& its) { its.Contact(update); });
    views.ChangeContactAndCompare([](CommandBuilder& its) { its.Blocked(true); });
    views.WriteAndCompare({AMessage("m4").WithText("hear me").Build()});

    const std::string at = "to_timestamp(" + std::to_string(NowMs() / 1000) + ")";
    views.inbox.Run("UPDATE conversation_counters SET closed_at = " + at);
    views.inbox.Run("UPDATE conversations SET status = 4, closed_at = " + at);
    views.WriteAndCompare({AReaction("m1", "heart").Build()});

    CHECK(views.Unseen(*v1::Message::descriptor()) == std::vector<std::string>());
    CHECK(views.Unseen(*v1::Conversation::descriptor()) == std::vector<std::string>());
    CHECK(views.Unseen(*v1::Contact::descriptor()) == std::vector<std::string>());
}

}  // namespace
}  // namespace unibox::test
