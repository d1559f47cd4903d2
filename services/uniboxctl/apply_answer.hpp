// What `uniboxctl apply` prints of a plan: the same before it is written and with --dry-run.
// Thread safety: pure functions.
#pragma once

#include "uniboxctl/apply_plan.hpp"
#include "uniboxctl/table.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace unibox::ctl {

struct AnswerOptions {
    bool dry_run = false;         // New ids, keys and tokens are not made: they are not shown.
    std::string public_base_url;  // Of channels that have none.
    std::string keys_file;        // Where new keys go instead of the answer; "" = nowhere else.
};
Answer AnswerOf(const Plan& plan, const AnswerOptions& options);

// Each new key as a line of JSON: {"tenant":…,"name":…,"scopes":[…],"key":…}, and each secret that
// was made for a webhook endpoint: {"tenant":…,"webhook_endpoint":…,"secret":…}. "" = none is new.
std::string NewKeyLines(const Plan& plan);

}  // namespace unibox::ctl
