#include "store/admin/restored.hpp"
#include "store/writer/partitions.hpp"
#include "store/writer/slots.hpp"
#include "store_fixture.hpp"
#include "support/eventually.hpp"
#include "support/frozen_session.hpp"

#include <set>
#include <thread>

namespace unibox::store {
namespace {

using test::StoreFixture;

constexpr Millis kLease(60'000);

TEST_CASE("Slots: a free one is taken before another is made", "[pg][store]") {
    StoreFixture fixture;
    const auto first = TakeSlot(fixture.writer(), "a", kLease).value();
    const auto second = TakeSlot(fixture.writer(), "a", kLease).value();
    CHECK(first.slot == 0);
    CHECK(second.slot == 1);
    CHECK(first.Shard().number() == -1);
    REQUIRE_OK(ReleaseSlot(fixture.writer(), "a", first));
    const auto again = TakeSlot(fixture.writer(), "b", kLease).value();
    CHECK(again.slot == 0);
    CHECK(again.epoch == first.epoch + 1);
    // Expired, or given by a clock that went back.
    REQUIRE_OK(
        fixture.Owner("UPDATE writer_slots SET lease_until = now() - interval '1 s' "
                      "WHERE slot = 1")
    );
    CHECK(TakeSlot(fixture.writer(), "b", kLease).value().slot == 1);
    REQUIRE_OK(
        fixture.Owner("UPDATE writer_slots SET leased_at = now() + interval '1 hour' "
                      "WHERE slot = 0")
    );
    CHECK(TakeSlot(fixture.writer(), "c", kLease).value().slot == 0);
    CHECK(TakeSlot(fixture.writer(), "c", kLease).value().slot == 2);
}

TEST_CASE("Slots: eight lanes at once have a slot each", "[pg][store]") {
    StoreFixture fixture;
    pg::Pool& pool = fixture.writer();
    std::vector<Result<OwnedSlot>> taken(8);
    std::vector<std::thread> threads;
    for (auto& one : taken) threads.emplace_back([&] { one = TakeSlot(pool, "a", kLease); });
    for (std::thread& thread : threads) thread.join();
    std::set<std::int32_t> numbers;
    for (const auto& one : taken) {
        REQUIRE_OK(one);
        CHECK(numbers.insert(one->slot).second);
    }
}

TEST_CASE("Slots: a lease is renewed until the slot is taken over", "[pg][store]") {
    StoreFixture fixture;
    const auto slot = TakeSlot(fixture.writer(), "a", Millis(1)).value();
    REQUIRE_OK(RenewSlot(fixture.writer(), "a", slot, kLease));
    CHECK(
        fixture.Number("SELECT count(*) FROM writer_slots WHERE lease_until > now() + "
                       "interval '50 s' AND leased_at <= now()") == 1
    );
    CHECK(RenewSlot(fixture.writer(), "b", slot, kLease).reason() == kPartitionLost);
    REQUIRE_OK(fixture.Owner("UPDATE writer_slots SET lease_until = now() - interval '1 s'"));
    REQUIRE_OK(RenewSlot(fixture.writer(), "a", slot, Millis(-1)));  // Nobody took it.
    REQUIRE_OK(TakeSlot(fixture.writer(), "b", kLease));
    const Status lost = RenewSlot(fixture.writer(), "a", slot, kLease);
    CHECK(lost.code() == Code::kAborted);
    CHECK(lost.reason() == kPartitionLost);
}

TEST_CASE("Slots: what a transaction holds is neither waited for nor taken", "[pg][store]") {
    StoreFixture fixture;
    const auto slot = TakeSlot(fixture.writer(), "a", Millis(1)).value();
    const test::FrozenSession batch(
        fixture.database().url("ub_writer"), "UPDATE writer_slots SET epoch = epoch"
    );
    REQUIRE_OK(RenewSlot(fixture.writer(), "a", slot, kLease));
    REQUIRE_OK(fixture.Owner("SELECT pg_sleep_until(lease_until) FROM writer_slots"));
    CHECK(TakeSlot(fixture.writer(), "b", kLease).value().slot == slot.slot + 1);
}

TEST_CASE("Slots: one that a restore forgot does not come back with its epoch", "[pg][store]") {
    StoreFixture fixture;
    const auto forgotten = TakeSlot(fixture.writer(), "a", kLease).value();
    REQUIRE_OK(fixture.Owner("DELETE FROM writer_slots"));
    REQUIRE_OK(RaiseAllEpochs(fixture.admin(), 1'000));
    const auto anew = TakeSlot(fixture.writer(), "b", kLease).value();
    CHECK(anew.slot == forgotten.slot);
    CHECK(anew.epoch > forgotten.epoch);
}

}  // namespace
}  // namespace unibox::store
