"""Each metric that says that something is wrong has its page in docs/runbooks, and the pages tell the truth.

usage: runbooks_test.py ROOT
"""
import pathlib
import re
import sys

# What is counted or measured without being wrong: traffic, sizes, times, what a graph is drawn of.
TELLS_NO_FAULT = set('''
unibox_auth_agents_total
unibox_auth_issuers_total unibox_auth_keys_total unibox_auth_waiting unibox_gateway_waiting
unibox_http_abandoned_total unibox_http_connections unibox_http_request_seconds unibox_http_requests_total
unibox_http_sessions unibox_http_streams_ended_total
unibox_ingest_channels_cached unibox_ingest_duplicates_total unibox_ingest_events_total unibox_ingest_lookups_total
unibox_ingest_partitions unibox_ingest_raw_total unibox_ingest_requests_total unibox_ingest_seconds
unibox_ingest_secret_matches_total unibox_ingest_waiting
unibox_library_log_lines_total
unibox_limits_checks_total unibox_limits_seconds
unibox_nats_acked_total unibox_nats_connected unibox_nats_connects_total unibox_nats_duplicates_total
unibox_nats_failed_total unibox_nats_publish_seconds unibox_nats_reader_resets_total unibox_nats_rebuilds_total
unibox_nats_resent_total
unibox_pg_acquire_seconds unibox_pg_connect_failures_total unibox_pg_connections_opened_total
unibox_pg_pool_exhausted_total unibox_pg_pool_open unibox_pg_reads_total
unibox_redis_command_seconds unibox_redis_connects_total unibox_redis_redirects_total unibox_redis_scripts_sent_total
unibox_rpc_client_seconds unibox_rpc_connections unibox_rpc_seconds
unibox_writer_batch_commands unibox_writer_command_batches_total unibox_writer_command_commit_seconds
unibox_writer_commands_repeated_total
unibox_writer_batch_events unibox_writer_batches_cut_total unibox_writer_batches_total unibox_writer_duplicates_total
unibox_writer_events_total unibox_writer_feed_backlog_events unibox_writer_feed_delay_seconds
unibox_writer_feed_events_total unibox_writer_feed_retries_total
unibox_writer_fenced_total unibox_writer_ignored_total unibox_writer_lag_messages unibox_writer_messages_total
unibox_writer_missing_periods_total unibox_writer_owned_partitions unibox_writer_phase_seconds
unibox_writer_purged_messages_total unibox_writer_restore_horizon_seconds unibox_writer_retries_total
unibox_writer_take_overs_total unibox_writer_unknown_outcomes_total
'''.split())


def main() -> int:
    root = pathlib.Path(sys.argv[1])
    metrics = set()
    for folder in ('libs', 'services'):
        for path in (root / folder).rglob('*.[ch]pp'):
            text = path.read_text(encoding='utf-8')
            metrics |= set(re.findall(r'"(unibox_[a-z]+(?:_[a-z]+)+)"', text))
    pages = {path.name: path.read_text(encoding='utf-8') for path in (root / 'docs/runbooks').glob('*.md')}
    table = pages['README.md']
    on_pages = set(re.findall(r'unibox_[a-z]+(?:_[a-z]+)+', '\n'.join(pages.values())))
    wrong = [f'docs/runbooks: no page for {name}; give it one, or say in {__file__} that it tells no fault'
             for name in sorted(metrics - on_pages - TELLS_NO_FAULT)]
    wrong += [f'docs/runbooks: there is no metric {name}' for name in sorted(on_pages - metrics)]
    wrong += [f'{__file__}: there is no metric {name}' for name in sorted(TELLS_NO_FAULT - metrics)]
    wrong += [f'docs/runbooks/README.md: no line for {name}'
              for name in sorted(pages) if name != 'README.md' and f']({name})' not in table]
    for name, text in sorted(pages.items()):
        for target in re.findall(r'\]\(([^)#:]+)\)', text):
            if not (root / 'docs/runbooks' / target).exists():
                wrong.append(f'docs/runbooks/{name}: {target} is not there')
    print('\n'.join(wrong))
    return 1 if wrong or len(metrics) < 50 else 0


sys.exit(main())
