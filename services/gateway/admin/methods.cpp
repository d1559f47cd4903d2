#include "gateway/admin/methods.hpp"

#include <iterator>

namespace unibox::gateway {

std::vector<Method> AdminMethods(const Admin& admin) {
    std::vector<Method> all;
    for (const auto part :
         {TenantMethods,
          ChannelMethods,
          ApiKeyMethods,
          PeopleMethods,
          MemberMethods,
          InboxSettingMethods,
          WebhookEndpointMethods,
          AuditMethods}) {
        auto methods = part(admin);
        std::move(methods.begin(), methods.end(), std::back_inserter(all));
    }
    return all;
}

}  // namespace unibox::gateway
