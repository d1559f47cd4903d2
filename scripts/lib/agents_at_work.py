#!/usr/bin/env python3
"""Works in the demo inbox as an agent would, through the gateway's HTTP API, and prints what was done and what came of it.

  agents_at_work.py GATEWAY_URL KEY_FILE

A conversation in which somebody has worked before is left as it is, so that a second run changes nothing.
"""
import datetime
import json
import sys
import urllib.error
import urllib.request

from inbox import TIMEOUT_S, Gateway, cut, print_table, word_of

TEXT_COLUMNS = 56


def in_two_hours():
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=2)).strftime('%Y-%m-%dT%H:%M:%SZ')


def work_of_the_day():
    """By channel: what is done there, as method of the API and body, in this order."""
    return {
        'telegram': [('/messages', {'text': 'Hello Zoë! On Sundays from 10 to 16, and there is parking behind the shop.'}),
                     (':changeLabels', {'add': ['opening-hours']}),
                     (':close', {'note': 'Nothing more to do.'})],
        'whatsapp': [(':markRead', {}),
                     ('/messages', {'text': 'Sim! Red is in stock again. Shall I put one aside?', 'replyToSeq': '1'}),
                     (':changeLabels', {'add': ['product', 'portuguese']})],
        'messenger': [('/messages', {'kind': 'MESSAGE_KIND_NOTE', 'text': 'Order 1042 left the warehouse this morning.'}),
                      ('/messages', {'text': 'It is! Here is where it is now: https://example.org/track/1042'}),
                      (':changeAttributes', {'set': {'order': '1042'}})],
        'twilio': [(':setPriority', {'priority': 'PRIORITY_HIGH'}),
                   ('/messages', {'kind': 'MESSAGE_KIND_NOTE', 'text': 'No order under this number: asked the warehouse.'}),
                   (':snooze', {'snoozeTime': in_two_hours()})],
    }


class Agent(Gateway):
    def post(self, path, body, request_id):
        headers = {'Authorization': 'Bearer ' + self.key, 'Content-Type': 'application/json', 'Idempotency-Key': request_id}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        with self.opener.open(request, timeout=TIMEOUT_S) as answer:
            return json.load(answer)

    def audit_of(self, conversation):
        return list(self.pages(f'/v1/conversations/{conversation["id"]}/audit?pageSize=100', 'commands'))

    def work_in(self, conversation, steps):
        if self.audit_of(conversation):
            return
        for number, (method, body) in enumerate(steps):
            self.post(f'/v1/conversations/{conversation["id"]}{method}', body, f'demo-{conversation["id"]}-{number}')


def channel_of(conversation):
    return word_of(conversation['provider'], 'PROVIDER_')


def value_text(value):
    for prefix in ('CONVERSATION_STATUS_', 'PRIORITY_'):
        if value.startswith(prefix):
            return word_of(value, prefix)
    return value or '–'


def change_text(change):
    return f'{change["field"]}: {value_text(change["oldValue"])} → {value_text(change["newValue"])}'


def rows_of_audit(agent, conversations):
    for conversation in conversations:
        for command in reversed(agent.audit_of(conversation)):
            changes = ', '.join(change_text(change) for change in command['changes'])
            yield [command['time'][11:23], channel_of(conversation), command['actor']['name'], command['action'],
                   cut(changes, TEXT_COLUMNS)]


def rows_of_inbox(conversations):
    for conversation in conversations:
        yield [channel_of(conversation), word_of(conversation['status'], 'CONVERSATION_STATUS_'), str(conversation['unreadCount']),
               'yes' if 'waitingSinceTime' in conversation else 'no', ' '.join(conversation['labels']),
               cut(conversation['preview'], TEXT_COLUMNS)]


def main():
    with open(sys.argv[2], encoding='utf-8') as key_file:
        agent = Agent(sys.argv[1], key_file.read().strip())
    steps = work_of_the_day()
    try:
        found = [one for status in ('OPEN', 'SNOOZED', 'CLOSED')
                 for one in agent.pages(f'/v1/conversations?pageSize=100&status=CONVERSATION_STATUS_{status}', 'conversations')]
        worked_in = [one for one in found if channel_of(one) in steps]
        for conversation in worked_in:
            agent.work_in(conversation, steps[channel_of(conversation)])
        print('\nWhat an agent did there, as the audit has it\n')
        print_table(['AT', 'CHANNEL', 'WHO', 'DID', 'WHAT CHANGED'], rows_of_audit(agent, worked_in))
        print('\nThe same conversations now. Replies wait in the outbox for their providers\n')
        now = [agent.get(f'/v1/conversations/{one["id"]}') for one in worked_in]
        print_table(['CHANNEL', 'STATUS', 'UNREAD', 'WAITING', 'LABELS', 'LAST MESSAGE'], rows_of_inbox(now))
    except (urllib.error.URLError, OSError, ValueError) as failure:
        detail = failure.read().decode(errors='replace') if isinstance(failure, urllib.error.HTTPError) else ''
        sys.exit(f'agents at work: {failure} {detail}')


if __name__ == '__main__':
    main()
