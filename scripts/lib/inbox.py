#!/usr/bin/env python3
"""Prints how webhooks were answered, and the inbox that they make, read through the gateway's HTTP API.

  inbox.py GATEWAY_URL KEY_FILE ANSWERS_DIR COUNT

ANSWERS_DIR holds what `uniboxctl webhook send` printed for each webhook, as JSON. Waits up to 30 s until there are COUNT
messages.
"""
import json
import pathlib
import sys
import time
import urllib.error
import urllib.request

WAIT_S = 30
PAUSE_S = 0.1
TIMEOUT_S = 5
TEXT_COLUMNS = 44


class Gateway:
    def __init__(self, url, key):
        self.url, self.key = url, key
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path):
        request = urllib.request.Request(self.url + path, headers={'Authorization': 'Bearer ' + self.key})
        with self.opener.open(request, timeout=TIMEOUT_S) as answer:
            return json.load(answer)

    def pages(self, path, field):
        token = ''
        while True:
            page = self.get(path + '&pageToken=' + token)
            yield from page.get(field, [])
            token = page.get('nextPageToken', '')
            if not token:
                return


def messages_of(gateway, conversation):
    path = f'/v1/conversations/{conversation["id"]}/messages?order=ORDER_OLDEST_FIRST&pageSize=100'
    return list(gateway.pages(path, 'messages'))


def count_of(conversations):
    return sum(int(conversation.get('messageCount', 0)) for conversation in conversations)


def wait_for(gateway, count):
    """Conversations once there are `count` messages."""
    start = time.monotonic()
    while True:
        conversations = list(gateway.pages('/v1/conversations?pageSize=100', 'conversations'))
        if count_of(conversations) >= count:
            return conversations
        if time.monotonic() - start > WAIT_S:
            sys.exit(f'inbox: {count_of(conversations)} of {count} messages after {WAIT_S} s')
        time.sleep(PAUSE_S)


def cut(text, columns):
    text = ' '.join(text.split())
    return text if len(text) <= columns else text[:columns - 1] + '…'


def word_of(value, prefix):
    """An enum value as a word. One that is newer than the gateway's proto comes as its number."""
    return str(value).replace(prefix, '').lower()


def text_of(message):
    attachments = [f'[{word_of(a.get("type", ""), "ATTACHMENT_TYPE_")}]' for a in message.get('attachments', [])]
    return ' '.join(filter(None, [*attachments, message.get('text', '')]))


def rows_of(gateway, conversations):
    for conversation in conversations:
        first = True
        for message in messages_of(gateway, conversation):
            who = conversation.get('contact', {}).get('displayName') or conversation.get('threadKey', '')
            provider = word_of(conversation.get('provider', ''), 'PROVIDER_')
            yield [provider if first else '', cut(who, 24) if first else '',
                   str(conversation.get('unreadCount', 0)) if first else '', str(message.get('seq', '')),
                   message.get('createTime', '')[11:19], message.get('receiveTime', '')[11:23],
                   cut(text_of(message), TEXT_COLUMNS)]
            first = False


def rows_of_answers(paths):
    for path in paths:
        answer = json.loads(path.read_text(encoding='utf-8'))
        yield [path.stem, str(answer['http_status']), f'{answer["milliseconds"]:.1f} ms']


def print_table(head, rows):
    rows = [head, *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print('  ' + '  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main():
    with open(sys.argv[2], encoding='utf-8') as key_file:
        gateway = Gateway(sys.argv[1], key_file.read().strip())
    try:
        answers = sorted(pathlib.Path(sys.argv[3]).glob('*.json'))
        conversations = wait_for(gateway, int(sys.argv[4]))
        waited = time.time() - answers[-1].stat().st_mtime
        print('\nSample webhooks, signed as each provider signs, and the time to their answer, which waits for JetStream\n')
        print_table(['WEBHOOK', 'STATUS', 'ANSWERED IN'], rows_of_answers(answers))
        print(f'\nInbox of the demo tenant: {len(conversations)} conversations, {count_of(conversations)} messages, seen '
              f'{waited * 1000:.0f} ms after\nthe last answer. SENT by the provider\'s clock, RECEIVED by ours, in UTC\n')
        print_table(['CHANNEL', 'CONTACT', 'UNREAD', 'SEQ', 'SENT', 'RECEIVED', 'TEXT'], rows_of(gateway, conversations))
    except (urllib.error.URLError, OSError, ValueError) as failure:
        detail = failure.read().decode(errors='replace') if isinstance(failure, urllib.error.HTTPError) else ''
        sys.exit(f'inbox: {failure} {detail}')


if __name__ == '__main__':
    main()
