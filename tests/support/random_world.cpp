#include "support/random_world.hpp"

namespace unibox::test {
namespace {

constexpr Channel kChannels[] = {
    {7, 1, v1::PROVIDER_WHATSAPP}, {7, 2, v1::PROVIDER_TELEGRAM}, {8, 1, v1::PROVIDER_MESSENGER}};

}  // namespace

std::vector<Step> World::Stream(std::size_t length, bool with_closing) {
    std::vector<Step> steps;
    for (std::size_t i = 0; i < length; ++i) steps.push_back(Next(with_closing));
    for (std::size_t i = 0; i < length / 5; ++i) {
        std::swap(steps[Below(length)], steps[Below(length)]);
    }
    for (std::size_t i = 0; i < length / 5; ++i) {
        Step copy = steps[Below(steps.size())];
        if (copy.close) continue;
        if (OneIn(2)) copy.event.set_receive_time_ms(copy.event.receive_time_ms() + 1);
        steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(Below(steps.size())), copy);
    }
    return steps;
}

Step World::Next(bool with_closing) {
    now_ += static_cast<std::int64_t>(Below(20)) * (OneIn(20) ? kDay : kSecond);
    const Channel channel = kChannels[Below(std::size(kChannels))];
    const std::string thread = "thread " + std::to_string(Below(3));
    if (with_closing && OneIn(12)) {
        return {{}, domain::ThreadKey{channel.tenant_id(), channel.channel_id(), thread}, now_};
    }
    ChannelEvent builder =
        known_.empty() || OneIn(3) ? Message(channel, thread) : Change(channel, thread);
    if (OneIn(30)) builder.event.clear_event_key();  // cannot be written, must not matter
    return {builder.event, std::nullopt, now_};
}

ChannelEvent World::Message(const Channel& channel, const std::string& thread) {
    const std::string id = "m" + std::to_string(++message_count_);
    known_.push_back({channel, thread, id});
    ChannelEvent builder =
        OneIn(2) ? ChannelEvent::Message(channel, id) : ChannelEvent::Echo(channel, id);
    builder.Thread(thread).Contact(thread + " contact " + std::to_string(Below(2)));
    if (OneIn(3)) builder.Name("name " + std::to_string(Below(3)));
    if (OneIn(4)) builder.Text("").Attach(v1::ATTACHMENT_TYPE_IMAGE, "cat\n.png");
    return OneIn(10) ? builder.At(now_ - 9 * kDay).ReceivedAt(now_) : builder.At(now_);
}

ChannelEvent World::Change(const Channel& channel, const std::string& thread) {
    if (OneIn(6)) return Watermark(channel, thread);
    if (OneIn(12)) return ChannelEvent::Typing(channel).Thread(thread).At(now_);
    const std::string serial = std::to_string(++message_count_);
    if (OneIn(12)) return ChannelEvent::Control(channel, serial, "referral").At(now_);
    const Known& target =
        known_[known_.size() - 1 - Below(std::min<std::size_t>(known_.size(), 8))];
    return ChangeOf(target, serial).Thread(target.thread).At(now_);
}

ChannelEvent World::Watermark(const Channel& channel, const std::string& thread) {
    const auto state = OneIn(2) ? v1::DELIVERY_STATE_READ : v1::DELIVERY_STATE_DELIVERED;
    const auto back = static_cast<std::int64_t>(Below(60)) * kSecond;
    return ChannelEvent::Watermark(channel, state, now_ - back).Thread(thread).At(now_);
}

ChannelEvent World::ChangeOf(const Known& target, const std::string& serial) {
    switch (Below(6)) {
        case 0:
            return ChannelEvent::Delete(target.channel, target.id);
        case 1: {
            const auto revision = static_cast<std::int64_t>(Below(4));
            return ChannelEvent::Edit(target.channel, target.id, revision).Text("edit " + serial);
        }
        case 2:
        case 3: {
            auto reaction = ChannelEvent::Reaction(target.channel, target.id, serial);
            if (!OneIn(4)) reaction.Emoji(OneIn(2) ? "a" : "b");
            if (OneIn(3) || reaction.event.reaction().emoji().empty()) reaction.Removed();
            return reaction;
        }
        default: {
            const auto state = v1::DeliveryState(v1::DELIVERY_STATE_SENT + Below(4));
            auto receipt = ChannelEvent::Receipt(target.channel, target.id, state);
            if (state == v1::DELIVERY_STATE_FAILED) receipt.Error("code of " + target.id);
            return receipt;
        }
    }
}

// Writes the steps in batches of random sizes up to `batch_max`; closing is a transaction of its
// own.
void Run(const std::vector<Step>& steps, std::size_t batch_max, World* world, MemoryInbox* inbox) {
    std::vector<event::v1::InboundEvent> batch;
    std::size_t size = 1 + world->Below(batch_max);
    const auto flush = [&] {
        if (!batch.empty()) inbox->Commit(batch);
        batch.clear();
        size = 1 + world->Below(batch_max);
    };
    for (const Step& step : steps) {
        if (step.close) {
            flush();
            inbox->Close(*step.close, step.at);
            continue;
        }
        batch.push_back(step.event);
        if (batch.size() >= size) flush();
    }
    flush();
}

}  // namespace unibox::test
