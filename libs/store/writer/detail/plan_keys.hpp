// The keys of a plan as arrays. Private to store. Thread safety: values.
#pragma once

#include "domain/batch_plan.hpp"
#include "pg/rows.hpp"
#include "store/writer/detail/batch_arrays.hpp"

#include <cstddef>
#include <type_traits>
#include <vector>

namespace unibox::store::detail {

template <typename Container>
struct KeyTypeOf {
    using type = typename Container::key_type;
};
template <typename Key>
struct KeyTypeOf<std::vector<Key>> {
    using type = Key;
};

// The keys of a plan as arrays; the n-th row of a result (WITH ORDINALITY) is about keys[n - 1].
template <typename Container>
auto KeyPointers(const Container& container) {
    using Key = typename KeyTypeOf<Container>::type;
    std::vector<const Key*> keys;
    keys.reserve(container.size());
    for (const auto& entry : container) {
        if constexpr (std::is_same_v<Key, typename Container::value_type>) {
            keys.push_back(&entry);
        } else {
            keys.push_back(&entry.first);
        }
    }
    return keys;
}

template <typename Key>
const Key& KeyOf(const std::vector<const Key*>& keys, const pg::Row& row) {
    return *keys.at(static_cast<std::size_t>(row.Int64(0)) - 1);
}

inline TextKeyArrays ThreadArrays(const std::vector<const domain::ThreadKey*>& keys) {
    TextKeyArrays arrays;
    for (const auto* key : keys) arrays.Add(key->tenant, key->channel, key->thread_key);
    return arrays;
}

inline EventRefArrays RefArrays(const std::vector<const domain::EventRef*>& refs) {
    EventRefArrays arrays;
    for (const auto* ref : refs) arrays.Add(*ref);
    return arrays;
}

}  // namespace unibox::store::detail
