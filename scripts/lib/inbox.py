#!/usr/bin/env python3
"""Prints the inbox as a table, read through the gateway's HTTP API.

  inbox.py GATEWAY_URL KEY_FILE [COUNT]     waits up to 30 s until there are COUNT messages
"""
import json
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
    """Conversations once there are `count` messages, and the seconds until then."""
    start = time.monotonic()
    while True:
        conversations = list(gateway.pages('/v1/conversations?pageSize=100', 'conversations'))
        waited = time.monotonic() - start
        if count_of(conversations) >= count:
            return conversations, waited
        if waited > WAIT_S:
            sys.exit(f'inbox: {count_of(conversations)} of {count} messages after {WAIT_S} s')
        time.sleep(PAUSE_S)


def cut(text, columns):
    text = ' '.join(text.split())
    return text if len(text) <= columns else text[:columns - 1] + '…'


def text_of(message):
    attachments = [f'[{a.get("type", "").replace("ATTACHMENT_TYPE_", "").lower()}]' for a in message.get('attachments', [])]
    return ' '.join(filter(None, [*attachments, message.get('text', '')]))


def rows_of(gateway, conversations):
    for conversation in conversations:
        first = True
        for message in messages_of(gateway, conversation):
            who = conversation.get('contact', {}).get('displayName') or conversation.get('threadKey', '')
            provider = conversation.get('provider', '').replace('PROVIDER_', '').lower()
            yield [provider if first else '', cut(who, 24) if first else '',
                   str(conversation.get('unreadCount', 0)) if first else '', str(message.get('seq', '')),
                   message.get('createTime', '')[11:19], cut(text_of(message), TEXT_COLUMNS)]
            first = False


def print_table(rows):
    rows = [['CHANNEL', 'CONTACT', 'UNREAD', 'SEQ', 'SENT', 'TEXT'], *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print('  ' + '  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main():
    with open(sys.argv[2], encoding='utf-8') as key_file:
        gateway = Gateway(sys.argv[1], key_file.read().strip())
    try:
        conversations, waited = wait_for(gateway, int(sys.argv[3]) if len(sys.argv) > 3 else 0)
        print(f'\nInbox of the demo tenant: {len(conversations)} conversations, {count_of(conversations)} messages '
              f'(waited {waited * 1000:.0f} ms); SENT is the provider\'s time, in UTC\n')
        print_table(rows_of(gateway, conversations))
    except (urllib.error.URLError, OSError, ValueError) as failure:
        detail = failure.read().decode(errors='replace') if isinstance(failure, urllib.error.HTTPError) else ''
        sys.exit(f'inbox: {failure} {detail}')


if __name__ == '__main__':
    main()
