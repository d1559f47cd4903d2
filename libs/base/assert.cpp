#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace unibox {

void AssertFailed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
    std::abort();
}

}  // namespace unibox
