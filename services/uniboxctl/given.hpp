// A value of tenants.yaml and the line where it stands. Absent: the file says nothing, so what is
// stored stays. Thread safety: values.
#pragma once

#include <optional>
#include <utility>

namespace unibox::ctl {

template <typename T>
struct Given {
    std::optional<T> value;
    int line = 0;  // From 1; of the entry around it when absent.

    explicit operator bool() const { return value.has_value(); }
    const T& operator*() const { return *value; }
    const T* operator->() const { return &*value; }
    T Or(T stored) const { return value ? *value : std::move(stored); }
};

}  // namespace unibox::ctl
