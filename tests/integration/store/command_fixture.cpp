#include "command_fixture.hpp"

namespace unibox::test {

TestLane::TestLane(
    StoreFixture& store, const std::string& owner, std::int64_t idle_in_tx_timeout_ms
)
    : store_(store), owner_(owner) {
    auto settings = store.database().settings("ub_writer");
    settings.idle_in_tx_timeout_ms = idle_in_tx_timeout_ms;
    settings.lock_timeout_ms = 60'000;
    settings.statement_timeout_ms = 60'000;
    session = pg::Session::Create(settings, metrics_).value();
    slot = store::TakeSlot(store.writer(), owner, Millis(60'000)).value();
    leaves = store::SurveyLeaves(store.writer()).value();
}

Result<domain::BatchState> TestLane::Read(store::BatchTx& tx, const domain::BatchPlan& plan) {
    const store::BatchFence fence{.partitions = {}, .slot = {{slot.slot, slot.epoch}}};
    return tx.Read(fence, plan, leaves);
}

void TestLane::OwnPartition(int partition) {
    const domain::PartitionId id{1, partition};
    REQUIRE_OK(store::EnsurePartition(store_.writer(), id, 1'785'412'800'000));
    partition_ = store::TakePartitions(store_.writer(), owner_, {id}, Millis(60'000)).value().at(0);
}

Result<domain::BatchState> TestLane::ReadLog(store::BatchTx& tx, const domain::BatchPlan& plan) {
    const store::PartitionAdvance advance{
        partition_->id, partition_->epoch, partition_->last_seq, partition_->last_seq + 1};
    ++partition_->last_seq;
    return tx.Read({.partitions = {&advance, 1}, .slot = {}}, plan, leaves);
}

CommandFixture::CommandFixture(PgServer& server) : StoreFixture(server) {
    REQUIRE_OK(Owner("INSERT INTO tenants (tenant_id, slug, name) VALUES (1, 'acme', 'Acme')"));
    REQUIRE_OK(Owner(
        "INSERT INTO channels (tenant_id, channel_id, slug, name, provider, route_key) VALUES (1, "
        "'" +
        channel().ToString() + "', 'wa', 'WhatsApp', 2, '')"
    ));
}

std::unique_ptr<TestLane> CommandFixture::Lane(
    const std::string& owner, std::int64_t idle_in_tx_timeout_ms
) {
    return std::make_unique<TestLane>(*this, owner, idle_in_tx_timeout_ms);
}

domain::ConversationKey CommandFixture::Seed(int number) {
    const domain::ThreadKey thread = ThreadOf(number);
    const domain::ConversationKey key{kTenant, MakeId<ConversationId>(number)};
    domain::ConversationWrite write;
    write.key = key;
    write.created = true;
    write.row.channel = thread.channel;
    write.row.thread_key = thread.thread_key;
    write.row.contact = MakeId<ContactId>(number);
    write.row.provider = v1::PROVIDER_WHATSAPP;
    write.row.status = v1::CONVERSATION_STATUS_OPEN;
    write.row.preview = "hello";
    write.row.preview_direction = v1::DIRECTION_INBOUND;
    write.row.last_activity_at = now_ms;
    write.row.last_customer_at = now_ms;
    write.row.created_at = now_ms;
    write.counters.last_seq = 1;
    write.counters.version = 1;
    write.counters.inbound_count = 1;
    write.counters.unread_count = 1;
    write.counters.first_message_at = now_ms;
    write.counters.last_message_at = now_ms;
    domain::MessageWrite message;
    message.tenant = kTenant;
    message.position = {key.conversation, 1, now_ms};
    message.created = true;
    message.row.id = MakeId<MessageId>(number);
    message.row.channel = thread.channel;
    message.row.direction = v1::DIRECTION_INBOUND;
    message.row.kind = v1::MESSAGE_KIND_TEXT;
    message.row.contact = write.row.contact;
    message.row.body = "hello";
    message.row.received_at = now_ms;
    message.row.version = 1;

    domain::BatchPlan plan;
    plan.contacts[{kTenant, thread.channel, "contact" + std::to_string(number)}] = {
        write.row.contact, "Contact", {}, now_ms};
    plan.threads[thread] = {"contact" + std::to_string(number), now_ms};
    const auto lane = Lane("seed");
    auto tx = lane->Begin().value();
    auto state = lane->Read(tx, plan);
    REQUIRE_OK(state);
    domain::Effects effects;
    domain::ThreadRow row = state->threads.at(thread);
    row.conversation = key.conversation;
    effects.threads.push_back({thread, row});
    effects.conversations.push_back(write);
    effects.messages.push_back(message);
    REQUIRE_OK(tx.Commit(effects, {}));
    REQUIRE_OK(store::ReleaseSlot(writer(), "seed", lane->slot));
    return key;
}

domain::BatchPlan CommandFixture::PlanOf(const domain::ConversationKey& key) {
    domain::BatchPlan plan;
    plan.conversations.insert(key);
    return plan;
}

domain::ConversationWrite CommandFixture::WriteOf(
    const domain::BatchState& state, const domain::ConversationKey& key
) {
    domain::ConversationWrite write;
    write.key = key;
    write.row = state.conversations.at(key);
    write.counters = state.counters.at(key);
    write.closed_at_before = write.counters.closed_at;
    return write;
}

domain::ConversationWrite CommandFixture::Whole(const domain::ConversationKey& key) {
    const auto lane = Lane("reader");
    auto tx = lane->Begin().value();
    const auto state = lane->Read(tx, PlanOf(key));
    REQUIRE_OK(state);
    REQUIRE_OK(tx.Commit({}, {}));
    REQUIRE_OK(store::ReleaseSlot(writer(), "reader", lane->slot));
    return WriteOf(*state, key);
}

Result<store::CommittedBatch> CommandFixture::Change(
    TestLane& lane,
    const domain::ConversationKey& key,
    const std::function<void(domain::ConversationWrite&)>& change
) {
    UNIBOX_ASSIGN_OR_RETURN(auto tx, lane.Begin());
    UNIBOX_ASSIGN_OR_RETURN(const auto state, lane.Read(tx, PlanOf(key)));
    domain::Effects effects;
    effects.conversations.push_back(WriteOf(state, key));
    change(effects.conversations.back());
    return tx.Commit(effects, {});
}

}  // namespace unibox::test
