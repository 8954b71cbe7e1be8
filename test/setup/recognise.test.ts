import { describe, expect, it } from 'vitest';
import { recognise } from '../../src/setup/recognise.js';
import { inventoryOf } from '../../src/setup/scraped-inventory.js';

/** What is proposed for a document, as `name: what it watches`. */
function proposed(text: string): readonly string[] {
  return recognise(inventoryOf('http://app/metrics', text.replaceAll(/^ +/gm, ''), 'text'), {}).map(({ name, watches, conditions: [first] }) => {
    if (watches.kind === 'health') return name;
    const { signal } = watches;
    switch (signal.type) {
      case 'errorRate':
        return `${name}: ${signal.metric} ${JSON.stringify(signal.errors)}`;
      case 'latency':
        return `${name}: ${signal.metric} ${first}`;
      case 'saturation':
        return `${name}: ${signal.used}/${signal.limit}${JSON.stringify(signal.select)}`;
      case 'queueDepth':
      case 'gauge':
        return `${name}: ${signal.metric}${JSON.stringify(signal.select)} ${first}`;
      default:
        return signal satisfies never;
    }
  });
}

describe('what is recognised by its shape', () => {
  it('of prom-client', () => {
    expect(
      proposed(`# TYPE http_requests_total counter
        http_requests_total{method="GET",status="200"} 10
        http_requests_total{method="GET",status="503"} 1
        # TYPE http_request_duration_seconds histogram
        http_request_duration_seconds_bucket{le="0.1"} 10
        http_request_duration_seconds_bucket{le="+Inf"} 11
        http_request_duration_seconds_sum 1
        http_request_duration_seconds_count 11
        # TYPE process_open_fds gauge
        process_open_fds 20
        # TYPE process_max_fds gauge
        process_max_fds 1024
        # TYPE process_resident_memory_bytes gauge
        process_resident_memory_bytes 200000000
        # TYPE nodejs_heap_size_total_bytes gauge
        nodejs_heap_size_total_bytes 5
        # TYPE nodejs_eventloop_lag_seconds gauge
        nodejs_eventloop_lag_seconds 0.01
        # TYPE order_queue_depth gauge
        order_queue_depth{queue="mail"} 30
      `),
    ).toEqual([
      'ErrorRateHigh: http_requests_total {"status":"5.."}',
      'Slow: http_request_duration_seconds > 500ms',
      'ProcessOpenFdsNearlyFull: process_open_fds/process_max_fds{}',
      'OrderQueueDeep: order_queue_depth{} > 100',
      'MemoryHigh: process_resident_memory_bytes{} > 500MB',
    ]);
  });

  it('of Micrometer, whose histograms count by status and whose memory has areas', () => {
    expect(
      proposed(`# TYPE http_server_requests_seconds histogram
        http_server_requests_seconds_bucket{outcome="SUCCESS",status="200",uri="/",le="0.5"} 4
        http_server_requests_seconds_bucket{outcome="SUCCESS",status="200",uri="/",le="+Inf"} 4
        http_server_requests_seconds_count{outcome="SUCCESS",status="200",uri="/"} 4
        http_server_requests_seconds_sum{outcome="SUCCESS",status="200",uri="/"} 1
        # TYPE http_client_requests_seconds histogram
        http_client_requests_seconds_bucket{status="500",le="+Inf"} 4
        http_client_requests_seconds_count{status="500"} 4
        http_client_requests_seconds_sum{status="500"} 1
        # TYPE hikaricp_connections_active gauge
        hikaricp_connections_active{pool="main"} 2
        # TYPE hikaricp_connections_max gauge
        hikaricp_connections_max{pool="main"} 10
        # TYPE hikaricp_connections_pending gauge
        hikaricp_connections_pending{pool="main"} 0
        # TYPE jvm_memory_used_bytes gauge
        jvm_memory_used_bytes{area="heap",id="old"} 1000
        jvm_memory_used_bytes{area="nonheap",id="meta"} 1000
        # TYPE jvm_memory_max_bytes gauge
        jvm_memory_max_bytes{area="heap",id="old"} 4000
        jvm_memory_max_bytes{area="nonheap",id="meta"} -1
        # TYPE tomcat_threads_busy_threads gauge
        tomcat_threads_busy_threads 1
        # TYPE tomcat_threads_config_max_threads gauge
        tomcat_threads_config_max_threads 200
      `),
    ).toEqual([
      'ErrorRateHigh: http_server_requests_seconds_count {"status":"5.."}',
      'Slow: http_server_requests_seconds > 500ms',
      'HikaricpConnectionsActiveNearlyFull: hikaricp_connections_active/hikaricp_connections_max{}',
      'JvmMemoryUsedNearlyFull: jvm_memory_used_bytes/jvm_memory_max_bytes{"area":"heap"}',
      'TomcatThreadsBusyThreadsNearlyFull: tomcat_threads_busy_threads/tomcat_threads_config_max_threads{}',
      'HikaricpConnectionsPendingDeep: hikaricp_connections_pending{} > 20',
    ]);
  });

  it('of Go, OpenTelemetry and gRPC, and not the scrape itself', () => {
    expect(
      proposed(`# TYPE promhttp_metric_handler_requests_total counter
        promhttp_metric_handler_requests_total{code="200"} 10
        promhttp_metric_handler_requests_total{code="500"} 0
        # TYPE http_server_request_duration_seconds histogram
        http_server_request_duration_seconds_bucket{http_response_status_code="200",le="+Inf"} 1
        http_server_request_duration_seconds_count{http_response_status_code="200"} 1
        http_server_request_duration_seconds_sum{http_response_status_code="200"} 1
        # TYPE grpc_server_handled_total counter
        grpc_server_handled_total{grpc_code="OK",grpc_method="Pay"} 3
        grpc_server_handled_total{grpc_code="Internal",grpc_method="Pay"} 1
        # TYPE go_sql_in_use_connections gauge
        go_sql_in_use_connections 3
        # TYPE go_sql_max_open_connections gauge
        go_sql_max_open_connections 10
        # TYPE db_client_connections_usage gauge
        db_client_connections_usage{state="idle"} 3
        db_client_connections_usage{state="used"} 3
        # TYPE db_client_connections_max gauge
        db_client_connections_max 6
      `),
    ).toEqual([
      'ErrorRateHigh: http_server_request_duration_seconds_count {"http_response_status_code":"5.."}',
      'GrpcErrorRateHigh: grpc_server_handled_total {"grpc_code":"Unknown|DeadlineExceeded|Internal|Unavailable|DataLoss"}',
      'Slow: http_server_request_duration_seconds > 500ms',
      'GoSqlInUseConnectionsNearlyFull: go_sql_in_use_connections/go_sql_max_open_connections{}',
    ]);
  });

  it.each([
    ['nginx', 'nginx_ingress_controller_requests{status="502"} 3', '{"status":"5.."}'],
    ['nginx with classes', '# TYPE nginx_vts_server_requests_total counter\nnginx_vts_server_requests_total{code="2xx"} 3\nnginx_vts_server_requests_total{code="5xx"} 3', '{"code":"5.."}'],
    ['Envoy', '# TYPE envoy_http_downstream_rq_xx counter\nenvoy_http_downstream_rq_xx{envoy_response_code_class="2"} 3', '{"envoy_response_code_class":"5"}'],
    ['Traefik', '# TYPE traefik_service_requests_total counter\ntraefik_service_requests_total{code="200",protocol="http"} 3', '{"code":"5.."}'],
  ])('of %s', (_name, text, errors) => {
    expect(proposed(`${text}\n`)).toEqual([expect.stringMatching(/^ErrorRateHigh: /)]);
    expect(proposed(`${text}\n`)[0]).toContain(errors);
  });

  it('of histograms in milliseconds, said by the name or by the bounds; of summaries; of counters of failures', () => {
    expect(proposed('request_duration_ms_bucket{le="5"} 1\nrequest_duration_ms_bucket{le="+Inf"} 1\n')).toEqual(['Slow: request_duration_ms > 500']);
    expect(proposed('request_latency_bucket{le="5000"} 1\nrequest_latency_bucket{le="+Inf"} 1\n')).toEqual(['Slow: request_latency > 500']);
    expect(proposed('rpc_duration_seconds{quantile="0.5"} 1\nrpc_duration_seconds{quantile="0.99"} 1\n')).toEqual(['Slow: rpc_duration_seconds{"quantile":"0.99"} > 500ms']);
    expect(proposed('# TYPE jobs_total counter\njobs_total{result="ok"} 1\njobs_total{result="failed"} 1\n')).toEqual(['FailureRateHigh: jobs_total {"result":"failed"}']);
  });

  it('and nothing in what only looks alike', () => {
    expect(proposed('# TYPE shipments_total counter\nshipments_total{zone="200"} 1\n# TYPE build_info gauge\nbuild_info{version="404"} 1\ncache_max_bytes 5\nqueue_wait_seconds 3\n')).toEqual([]);
  });
});
