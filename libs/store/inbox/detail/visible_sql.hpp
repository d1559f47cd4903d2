// What a viewer sees, as conditions of SQL. $1 is the tenant; `member` the parameter that is
// Viewer::member. Private to this library.
// Thread safety: macros.
#pragma once

// Of a row of a channel.
#define UNIBOX_SEES_CHANNEL(member, channel)                   \
    "(" member                                                 \
    "::uuid IS NULL OR EXISTS (SELECT FROM channel_members v " \
    "WHERE v.tenant_id = $1 AND v.channel_id = " channel " AND v.agent_id = " member "))"

// Of a contact by its id (of one that was merged: of the one that remains): whoever sees the
// channel of any of its ids.
#define UNIBOX_SEES_CONTACT(member, id)                                                 \
    "(" member                                                                          \
    "::uuid IS NULL OR EXISTS (SELECT FROM channel_members v WHERE v.tenant_id = $1 "   \
    "AND v.agent_id = " member                                                          \
    " AND v.channel_id IN (SELECT o.channel_id FROM contacts o WHERE o.tenant_id = $1 " \
    "AND o.contact_id = " id                                                            \
    " UNION ALL SELECT o.channel_id FROM contacts o WHERE o.tenant_id = $1 "            \
    "AND o.merged_into = " id ")))"

// Of a row `n` of conversation_counters, which leads to the leaf that tells the channel.
#define UNIBOX_SEES_CONVERSATION(member)                                                    \
    "(" member                                                                              \
    "::uuid IS NULL OR EXISTS (SELECT FROM channel_members v WHERE v.tenant_id = $1 "       \
    "AND v.agent_id = " member                                                              \
    " AND v.channel_id = (SELECT w.channel_id FROM conversations w WHERE w.tenant_id = $1 " \
    "AND w.conversation_id = n.conversation_id AND w.closed_at = n.closed_at)))"
