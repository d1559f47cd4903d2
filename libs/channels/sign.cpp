#include "channels/sign.hpp"

namespace unibox::channels {

Result<std::vector<Header>> Sign(std::string_view provider, const SignInput& input) {
    const Adapter* adapter = FindAdapter(provider);
    if (adapter == nullptr) return NotFound("unknown provider: " + std::string(provider));
    if (input.secret.empty()) return InvalidArgument("the secret is empty").WithField("secret");
    return adapter->sign(input);
}

}  // namespace unibox::channels
