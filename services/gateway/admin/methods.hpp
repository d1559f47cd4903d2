// The rows of unibox.v1.AdminService, by subject; methods.hpp of the gateway has them all.
// Thread safety: pure functions.
#pragma once

#include "gateway/admin/admin.hpp"
#include "gateway/method.hpp"

#include <vector>

namespace unibox::gateway {

// `admin` must outlive the rows.
std::vector<Method> AdminMethods(const Admin& admin);

// Its parts.
std::vector<Method> TenantMethods(const Admin& admin);
std::vector<Method> ChannelMethods(const Admin& admin);
std::vector<Method> ApiKeyMethods(const Admin& admin);
std::vector<Method> PeopleMethods(const Admin& admin);
std::vector<Method> MemberMethods(const Admin& admin);
std::vector<Method> InboxSettingMethods(const Admin& admin);
std::vector<Method> WebhookEndpointMethods(const Admin& admin);
std::vector<Method> AuditMethods(const Admin& admin);

}  // namespace unibox::gateway
