// Bodies that no provider sends, made from those that one does.
// Thread safety: pure functions; a Random belongs to one thread.
#pragma once

#include <functional>
#include <random>
#include <string>

namespace unibox::channels::test {

using Random = std::mt19937;

// 0 … below - 1.
std::size_t Pick(Random& random, std::size_t below);

// One to four random changes of the bytes.
std::string Mutated(std::string body, Random& random);

// Calls `visit` with the JSON document changed at each place in turn: the value left out, and
// replaced by each of some two dozen values of other types or other meanings.
void ForEachChange(const std::string& json, const std::function<void(std::string body)>& visit);

}  // namespace unibox::channels::test
