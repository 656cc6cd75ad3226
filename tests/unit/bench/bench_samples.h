// Runs and reports made up for tests, with numbers that are easy to divide.
#pragma once

#include <string>
#include <vector>

#include "vmm/bench/report.h"

namespace skiff::bench::test {

// 100 requests of 4096 bytes in 1 ms (2,000,000 cycles at 2 GHz), 500 exits for port I/O of
// "ide0", 10 of COM1, 600 by KVM's count, 400 us of the vCPU's thread, 100 us of the I/O thread.
inline CellRun sample_run(const std::string& cell = "read-4096-d1", std::uint64_t p50 = 20000) {
  CellRun run{.cell = cell, .tsc_khz = 2'000'000, .face = "ide"};
  run.before.has_ledger = run.after.has_ledger = true;
  run.before.exits = {{"port I/O", "ide0", "STATUS", "read", 1000, 10'000},
                      {"port I/O", "com1", "RBR", "read", 5, 500}};
  run.after.exits = {{"port I/O", "ide0", "STATUS", "read", 1100, 20'000},
                     {"port I/O", "ide0", "DATA", "read", 400, 80'000},
                     {"port I/O", "com1", "RBR", "read", 15, 1500}};
  run.before.kvm = {{"exits", 2000}, {"halt_exits", 7}};
  run.after.kvm = {{"exits", 2610}, {"halt_exits", 57}};
  run.before.threads = {{10, "skiff", 5'000'000, 0, 0},
                        {11, "vcpu0", 9'000'000, 0, 0},
                        {12, "skiff/io", 1'000'000, 0, 0}};
  run.after.threads = {{10, "skiff", 5'000'000, 0, 0},
                       {11, "vcpu0", 9'400'000, 30'000'000, 10'000'000},
                       {12, "skiff/io", 1'100'000, 0, 10'000'000}};
  run.done = {.cell = cell,
              .requests = 100,
              .bytes = 409'600,
              .cycles = 2'000'000,
              .kicks = 100,
              .interrupts = 50,
              .failed = 0};
  run.latency = {
      .cell = cell, .p50 = p50, .p90 = 24'000, .p99 = 40'000, .p999 = 80'000, .max = 90'000};
  run.histogram = {{18'000, 60}, {24'000, 39}, {80'000, 1}};
  return run;
}

inline CellName sample_name(const std::string& setup = "ide,pio/memory",
                            const std::string& cell = "read-4096-d1") {
  return {.group = "disk", .setup = setup, .cell = cell};
}

// A cell of these p50 [ns] and exits per request, one for each run.
inline CellReport sample_cell(const CellName& name, const std::vector<double>& p50,
                              double user_exits = 1) {
  CellReport cell{.name = name};
  cell.runs = p50.size();
  cell.requests = 100;
  cell.metrics[Metric::p50_ns] = stat_of(p50);
  cell.metrics[Metric::p99_ns] = stat_of(p50);
  std::vector<double> rates;
  for (const double ns : p50)
    rates.push_back(1e9 / ns);
  cell.metrics[Metric::requests_per_second] = stat_of(rates);
  cell.metrics[Metric::user_exits] = stat_of(std::vector<double>{user_exits});
  cell.metrics[Metric::kernel_exits] = stat_of(std::vector<double>{0.5});
  cell.metrics[Metric::vcpu_user_us] = stat_of(std::vector<double>{3});
  cell.metrics[Metric::vcpu_kernel_us] = stat_of(std::vector<double>{2});
  cell.metrics[Metric::io_us] = stat_of(std::vector<double>{1});
  cell.metrics[Metric::skiff_ns] = stat_of(std::vector<double>{200});
  if (user_exits > 0) cell.exits = {{"port I/O", "disk0", "DATA", "read", user_exits, 200}};
  cell.latency = {{p50.front(), 90}, {p50.front() * 2, 10}};
  return cell;
}

inline Report sample_report() {
  Report report{
      .skiff_version = "1.2.3", .started = "2026-01-31T12:00:00.000Z", .selection = "quick"};
  report.seconds = 12;
  report.wanted_runs = 3;
  report.host = {{"CPU", "A <fast> & \"new\" one"}, {"kernel", "Linux 6.18"}};
  report.cells.push_back(
      sample_cell({"doorbell", "kernel", "port-write"}, {10'000, 10'100, 10'200}));
  report.cells.push_back(
      sample_cell({"doorbell", "kernel", "ioeventfd-mmio"}, {1000, 1000, 1010}, 0));
  report.cells.push_back(
      sample_cell(sample_name("virtio-pci/memory"), {20'000, 20'100, 20'200}, 0));
  report.cells.push_back(
      sample_cell(sample_name("ide,pio/memory"), {120'000, 121'000, 122'000}, 9));
  return report;
}

}  // namespace skiff::bench::test
