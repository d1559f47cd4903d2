// Rows of the methods of resources.hpp, for one resource: what their requests are called follows
// from its name. Private to services/gateway/admin. Thread safety: macros.
#pragma once

#include "auth/scopes.hpp"
#include "gateway/admin/resources.hpp"
#include "unibox/v1/admin_service.pb.h"

#define UNIBOX_LIST(Many, many, Message, scope)                  \
    AdminRow<v1::List##Many##Request, v1::List##Many##Response>( \
        "List" #Many,                                            \
        scope,                                                   \
        Repetition::kReads,                                      \
        admin,                                                   \
        [](const AdminCall& call,                                \
           const v1::List##Many##Request& request,               \
           v1::List##Many##Response& response) {                 \
            return ListOf<v1::Message>(                          \
                call,                                            \
                request.page_size(),                             \
                request.page_token(),                            \
                response.mutable_##many(),                       \
                response.mutable_next_page_token()               \
            );                                                   \
        }                                                        \
    )
#define UNIBOX_ADMIN_ROW(Method, scope, repetition, Request, Response, ...)          \
    AdminRow<v1::Request, v1::Response>(                                             \
        #Method,                                                                     \
        scope,                                                                       \
        Repetition::repetition,                                                      \
        admin,                                                                       \
        [](const AdminCall& call, const v1::Request& request, v1::Response& response \
        ) -> Status __VA_ARGS__                                                      \
    )
#define UNIBOX_GET(Message, scope)                                                  \
    UNIBOX_ADMIN_ROW(Get##Message, scope, kReads, Get##Message##Request, Message, { \
        return GetOf(call, request.id(), response);                                 \
    })
#define UNIBOX_CREATE(Message, message)                         \
    UNIBOX_ADMIN_ROW(                                           \
        Create##Message,                                        \
        auth::kScopeAdminWrite,                                 \
        kActsAgain,                                             \
        Create##Message##Request,                               \
        Message,                                                \
        { return CreateOf(call, request.message(), response); } \
    )
#define UNIBOX_UPDATE(Message, message)                                                  \
    UNIBOX_ADMIN_ROW(                                                                    \
        Update##Message,                                                                 \
        auth::kScopeAdminWrite,                                                          \
        kIdempotent,                                                                     \
        Update##Message##Request,                                                        \
        Message,                                                                         \
        {                                                                                \
            return UpdateOf(                                                             \
                call, request.message(), request.update_mask(), request.etag(), response \
            );                                                                           \
        }                                                                                \
    )
#define UNIBOX_SWITCH(Verb, Message, disabled)                                       \
    UNIBOX_ADMIN_ROW(                                                                \
        Verb##Message,                                                               \
        auth::kScopeAdminWrite,                                                      \
        kIdempotent,                                                                 \
        Verb##Message##Request,                                                      \
        Message,                                                                     \
        { return SwitchOf(call, request.id(), request.etag(), disabled, response); } \
    )
#define UNIBOX_DELETE(Message)                                                \
    UNIBOX_ADMIN_ROW(                                                         \
        Delete##Message,                                                      \
        auth::kScopeAdminWrite,                                               \
        kIdempotent,                                                          \
        Delete##Message##Request,                                             \
        Delete##Message##Response,                                            \
        {                                                                     \
            static_cast<void>(response);                                      \
            return DeleteOf<v1::Message>(call, request.id(), request.etag()); \
        }                                                                     \
    )
