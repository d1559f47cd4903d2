"""A day of an agent through the generated client.

usage: story.py   (UNIBOX_GATEWAY_URL, UNIBOX_API_KEY; the package unibox_client on PYTHONPATH)
"""
import datetime
import os
import uuid

from unibox_client import AuthenticatedClient
from unibox_client.api.inbox_service import (
    append_message, change_labels, close_conversation, get_conversation, list_conversation_audit, list_conversations,
    list_messages, mark_read, open_conversation, set_priority, snooze_conversation)
from unibox_client.models import (
    AppendMessageRequest, ChangeLabelsRequest, CloseConversationRequest, ConversationStatus, MarkReadRequest, MessageKind,
    OpenConversationRequest, Priority, Problem, SetPriorityRequest, SnoozeConversationRequest)


def main():
    client = AuthenticatedClient(base_url=os.environ['UNIBOX_GATEWAY_URL'], token=os.environ['UNIBOX_API_KEY'])

    def audit(conversation):
        return list_conversation_audit.sync(conversation.id, client=client).commands

    untouched = [one for one in list_conversations.sync(client=client, page_size=100).conversations if not audit(one)]
    conversation = untouched[-1]
    where = conversation.id
    assert mark_read.sync(where, client=client, body=MarkReadRequest()).conversation.unread_count == '0'

    note = append_message.sync(
        where, client=client, body=AppendMessageRequest(kind=MessageKind.MESSAGE_KIND_NOTE, text='by a generated client'))
    assert note.message.kind == MessageKind.MESSAGE_KIND_NOTE
    key = str(uuid.uuid4())
    reply = AppendMessageRequest(text='Hello from Python')
    first = append_message.sync(where, client=client, body=reply, idempotency_key=key)
    again = append_message.sync(where, client=client, body=reply, idempotency_key=key)
    assert first.message.id == again.message.id
    other = append_message.sync(where, client=client, body=AppendMessageRequest(text='Another'), idempotency_key=key)
    assert isinstance(other, Problem) and other.reason == 'REQUEST_ID_REUSED'

    labelled = change_labels.sync(where, client=client, body=ChangeLabelsRequest(add=['generated']))
    assert labelled.conversation.labels == ['generated']
    late = set_priority.sync(
        where, client=client, body=SetPriorityRequest(priority=Priority.PRIORITY_HIGH), if_match=f'"{conversation.version}"')
    assert isinstance(late, Problem) and late.reason == 'VERSION_MISMATCH'
    assert late.metadata['version'] == labelled.conversation.version

    tomorrow = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    snoozed = snooze_conversation.sync(where, client=client, body=SnoozeConversationRequest(snooze_time=tomorrow))
    assert snoozed.conversation.status == ConversationStatus.CONVERSATION_STATUS_SNOOZED
    open_conversation.sync(where, client=client, body=OpenConversationRequest())
    closed = close_conversation.sync(where, client=client, body=CloseConversationRequest(note='done'))
    assert closed.conversation.status == ConversationStatus.CONVERSATION_STATUS_CLOSED
    assert get_conversation.sync(where, client=client).version == closed.conversation.version
    texts = [message.text for message in list_messages.sync(where, client=client).messages]
    assert texts.count('Hello from Python') == 1
    assert audit(conversation)[0].action == 'set_status'
    unknown = get_conversation.sync(str(uuid.uuid4()), client=client)
    assert isinstance(unknown, Problem) and unknown.reason == 'CONVERSATION_NOT_FOUND'
    print('the client of Python did all of it')


main()
