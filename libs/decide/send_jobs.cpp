#include "decide/send_jobs.hpp"

#include "decide/derived_ids.hpp"
#include "subjects/subjects.hpp"
#include "unibox/event/v1/send_job.pb.h"

namespace unibox::decide {

void SendJobs::Add(
    const Cause& cause,
    domain::OutboxTarget target,
    const domain::ConversationRow& conversation,
    const domain::MessageWrite& message
) {
    const domain::MessageRow& row = message.row;
    const std::string job_id = SendJobIdOf(row.id).ToBytes();
    event::v1::SendJob job;
    job.set_job_id(job_id);
    job.set_tenant_id(message.tenant.value);
    job.set_channel_id(conversation.channel.value.ToBytes());
    job.set_provider(conversation.provider);
    job.set_thread_key(conversation.thread_key);
    job.set_conversation_id(message.position.conversation.value.ToBytes());
    job.set_message_id(row.id.value.ToBytes());
    job.set_seq(message.position.seq);
    job.set_create_time_ms(message.position.created_at);
    job.set_traceparent(cause.traceparent.data(), cause.traceparent.size());
    job.set_kind(row.kind);
    job.set_text(row.body);
    job.mutable_attachments()->Assign(row.attachments.begin(), row.attachments.end());
    if (row.kind == v1::MESSAGE_KIND_TEMPLATE) *job.mutable_template_() = row.message_template;
    job.set_reply_to_provider_id(row.reply_to);

    auto* entry = batches_[{cause.shard, target}].add_entries();
    entry->set_subject(subjects::OutSubject(domain::NameOf(target), message.tenant));
    entry->set_event_id(job_id);
    entry->set_ordering_key(message.position.conversation.ToString());
    job.SerializeToString(entry->mutable_payload());
    bytes_ += entry->payload().size();
}

void SendJobs::Take(std::vector<domain::OutboxWrite>* writes) && {
    for (auto& [part, batch] : batches_) {
        writes->push_back({part.first, part.second, std::move(batch)});
    }
}

}  // namespace unibox::decide
