#include "vmm/machine/ledger_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <vector>

#include "tests/unit/reports/named_device.h"

namespace skiff {
namespace {

namespace json = boost::json;
using std::chrono::seconds;
using testing::HasSubstr;

ExitKey key(const IoDevice* device, std::uint64_t offset, bool is_write,
            ExitReason reason = ExitReason::port_io) {
  return {.reason = reason, .is_write = is_write, .device = device, .offset = offset};
}

struct TwoVcpus : testing::Test {
  NamedDevice serial{"serial0"};
  ExitLedger first, second;
  const std::vector<const ExitLedger*> ledgers{&first, &second};
};
using LedgerReportTest = TwoVcpus;

TEST_F(LedgerReportTest, RowsOfAllVcpusAreMerged) {
  first.record(key(&serial, 0, true), 100);
  second.record(key(&serial, 0, true), 400);
  second.record(key(&serial, 0, true), 40);
  const LedgerReport report = make_ledger_report(ledgers, seconds(2));
  ASSERT_EQ(report.registers.size(), 1U);
  const auto& row = report.registers[0];
  EXPECT_EQ(row.device, "serial0");
  EXPECT_EQ(row.reg, "THR");
  EXPECT_TRUE(row.is_write);
  EXPECT_EQ(row.exits.count, 3U);
  EXPECT_EQ(row.exits.total_ns, 540U);
  EXPECT_EQ(row.exits.min_ns, 40U);
  EXPECT_EQ(row.exits.max_ns, 400U);
  EXPECT_EQ(row.exits.mean_ns(), 180U);
  EXPECT_EQ(report.total.count, 3U);
  ASSERT_EQ(report.vcpus.size(), 2U);
  EXPECT_EQ(report.vcpus[0].count, 1U);
  EXPECT_EQ(report.vcpus[1].count, 2U);
  EXPECT_DOUBLE_EQ(report.per_second(3), 1.5);
}

TEST_F(LedgerReportTest, DirectionRegisterAndReasonStayApart) {
  first.record(key(&serial, 0, true), 1);
  first.record(key(&serial, 0, false), 1);
  first.record(key(&serial, 5, false), 1);
  first.record(key(&serial, 0, false, ExitReason::mmio), 1);
  EXPECT_EQ(make_ledger_report(ledgers, seconds(1)).registers.size(), 4U);
}

TEST_F(LedgerReportTest, SortedByTimeThenCount) {
  first.record(key(nullptr, 0x80, true), 10);
  for (int i = 0; i < 2; ++i)
    first.record(key(nullptr, 0x81, true), 5);
  first.record(key(nullptr, 0x82, true), 11);
  first.record({.reason = ExitReason::interrupted}, 5000);
  const LedgerReport report = make_ledger_report(ledgers, seconds(1));
  ASSERT_EQ(report.registers.size(), 4U);
  EXPECT_EQ(report.registers[0].reason, ExitReason::interrupted);
  EXPECT_EQ(report.registers[1].reg, "0x82");
  EXPECT_EQ(report.registers[2].reg, "0x81");
  EXPECT_EQ(report.registers[3].reg, "0x80");
  ASSERT_EQ(report.reasons.size(), 2U);
  EXPECT_EQ(report.reasons[0].reason, ExitReason::interrupted);
  EXPECT_EQ(report.reasons[1].exits.count, 4U);
  EXPECT_EQ(report.reasons[1].exits.total_ns, 31U);
}

TEST_F(LedgerReportTest, NamesOfRegisters) {
  first.record(key(&serial, 3, true), 3);
  first.record(key(nullptr, 0xfe00'0000, false, ExitReason::mmio), 2);
  first.record({.reason = ExitReason::halted}, 1);
  const LedgerReport report = make_ledger_report(ledgers, seconds(1));
  ASSERT_EQ(report.registers.size(), 3U);
  EXPECT_EQ(report.registers[0].reg, "+0x3");
  EXPECT_EQ(report.registers[1].device, "(nobody)");
  EXPECT_EQ(report.registers[1].reg, "0xfe000000");
  EXPECT_EQ(report.registers[2].device, "-");
  EXPECT_EQ(report.registers[2].reg, "-");
}

TEST_F(LedgerReportTest, QuantilesAreWithinAnEighthAndTheRange) {
  for (std::uint64_t ns = 1; ns <= 1000; ++ns)
    first.record(key(&serial, 0, true), ns);
  const LedgerReport report = make_ledger_report(ledgers, seconds(1));
  const ExitSummary& exits = report.registers.at(0).exits;
  EXPECT_NEAR(static_cast<double>(exits.quantile_ns(0.5)), 500, 63);
  EXPECT_NEAR(static_cast<double>(exits.quantile_ns(0.99)), 990, 124);
  EXPECT_LE(exits.quantile_ns(0.99), 1000U);
  EXPECT_EQ(exits.quantile_ns(0), 1U);
  EXPECT_EQ(ExitSummary{}.quantile_ns(0.5), 0U);
}

TEST_F(LedgerReportTest, OneExitIsItsOwnQuantiles) {
  first.record(key(&serial, 0, true), 1027);
  const LedgerReport report = make_ledger_report(ledgers, seconds(1));
  EXPECT_EQ(report.registers[0].exits.quantile_ns(0.5), 1027U);
  EXPECT_EQ(report.registers[0].exits.quantile_ns(0.99), 1027U);
}

TEST_F(LedgerReportTest, TheRankOfAQuantile) {
  // 99 short ones and one long one: p99 is still short, the maximum is not.
  for (int i = 0; i < 99; ++i)
    first.record(key(&serial, 0, true), 10);
  first.record(key(&serial, 0, true), 1'000'000);
  const LedgerReport report = make_ledger_report(ledgers, seconds(1));
  EXPECT_LT(report.registers[0].exits.quantile_ns(0.99), 20U);
  EXPECT_GT(report.registers[0].exits.quantile_ns(0.991), 800'000U);
}

TEST_F(LedgerReportTest, TheCatchAllIsLastAndNamed) {
  for (std::uint64_t port = 0; port < 2000; ++port)
    first.record(key(nullptr, port, true), port < 240 ? 1 : 100'000);
  const LedgerReport report = make_ledger_report(ledgers, seconds(1));
  ASSERT_TRUE(report.registers.back().is_catch_all);
  EXPECT_EQ(report.registers.back().device, "(others)");
  EXPECT_TRUE(report.reasons.back().is_catch_all);
  EXPECT_EQ(report.total.count, 2000U);
  EXPECT_THAT(to_table(report), HasSubstr("(others)  (others)  (others)  -"));
}

TEST_F(LedgerReportTest, Table) {
  for (int i = 0; i < 1500; ++i)
    first.record(key(&serial, 0, true), 1000);
  second.record(key(&serial, 5, false), 500'000);
  EXPECT_EQ(
      to_table(make_ledger_report(ledgers, seconds(10))),
      "1,501 exits in 10.000 s, 2.000 ms of it in Skiff\n"
      "\n"
      "reason    count  %exits   %time  min ns  mean ns  p50 ns  p99 ns   max ns  exits/s\n"
      "port I/O  1,501  100.0%  100.0%   1,000    1,332   1,000   1,000  500,000      150\n"
      "\n"
      "reason    device   register  R/W  count  %exits  %time   min ns  mean ns   p50 ns   p99 ns  "
      " max ns  exits/s\n"
      "port I/O  serial0  THR       W    1,500   99.9%  75.0%    1,000    1,000    1,000    1,000  "
      "  1,000      150\n"
      "port I/O  serial0  LSR       R        1    0.1%  25.0%  500,000  500,000  500,000  500,000  "
      "500,000     0.10\n"
      "\n"
      "vCPU  count  %exits  %time   min ns  mean ns   p50 ns   p99 ns   max ns  exits/s\n"
      "0     1,500   99.9%  75.0%    1,000    1,000    1,000    1,000    1,000      150\n"
      "1         1    0.1%  25.0%  500,000  500,000  500,000  500,000  500,000     0.10\n");
}

TEST_F(LedgerReportTest, CollectedWritesAreNoExits) {
  first.record(key(&serial, 0, true), 1);
  LedgerReport report = make_ledger_report(ledgers, seconds(1));
  report.coalesced = {describe_coalesced(&serial, 0, 1234), describe_coalesced(nullptr, 0x80, 5)};
  EXPECT_EQ(report.total.count, 1U);
  EXPECT_THAT(to_table(report), HasSubstr("\nwrites collected by KVM, which are no exits: 1,234 "
                                          "serial0.THR, 5 (nobody).0x80\n"));
  const json::object root = json::parse(to_json(report)).as_object();
  EXPECT_EQ(root.at("coalesced").at(0).at("device").as_string(), "serial0");
  EXPECT_EQ(root.at("coalesced").at(0).at("register").as_string(), "THR");
  EXPECT_EQ(root.at("coalesced").at(0).at("count").to_number<int>(), 1234);
}

TEST_F(LedgerReportTest, TableOfNothing) {
  EXPECT_EQ(to_table(make_ledger_report({}, seconds(0))),
            "0 exits in 0.000 s, 0.000 ms of it in Skiff\n");
}

TEST_F(LedgerReportTest, OneVcpuHasNoVcpuTable) {
  first.record(key(&serial, 0, true), 1);
  const ExitLedger* const one[] = {&first};
  EXPECT_THAT(to_table(make_ledger_report(one, seconds(1))), testing::Not(HasSubstr("vCPU")));
}

TEST_F(LedgerReportTest, JsonIsCompleteAndParses) {
  const NamedDevice odd("quote\" back\\slash\n\x01");
  first.record(key(&odd, 0, false), 100);
  first.record(key(nullptr, 0x80, true), 50);
  second.record({.reason = ExitReason::halted}, 10);
  const std::string text = to_json(make_ledger_report(ledgers, seconds(2)));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  const json::object root = json::parse(text).as_object();
  EXPECT_EQ(root.at("schema").as_string(), "skiff-stats-1");
  EXPECT_EQ(root.at("elapsed_ns").as_int64(), 2'000'000'000);
  EXPECT_EQ(root.at("total").at("count").to_number<int>(), 3);
  EXPECT_EQ(root.at("reasons").as_array().size(), 2U);
  EXPECT_EQ(root.at("vcpus").as_array().size(), 2U);
  EXPECT_EQ(root.at("vcpus").at(1).at("vcpu").to_number<int>(), 1);
  EXPECT_EQ(root.at("vcpus").at(1).at("count").to_number<int>(), 1);

  const json::array& registers = root.at("registers").as_array();
  ASSERT_EQ(registers.size(), 3U);
  EXPECT_EQ(registers[0].at("device").as_string(), odd.name());
  EXPECT_EQ(registers[0].at("register").as_string(), "RBR");
  EXPECT_EQ(registers[0].at("reason").as_string(), "port I/O");
  EXPECT_EQ(registers[0].at("direction").as_string(), "read");
  EXPECT_TRUE(registers[1].at("device").is_null());
  EXPECT_EQ(registers[1].at("register").as_string(), "0x80");
  EXPECT_EQ(registers[1].at("offset").to_number<int>(), 0x80);
  EXPECT_TRUE(registers[2].at("register").is_null());
  EXPECT_TRUE(registers[2].at("direction").is_null());
  for (const auto& row : registers) {
    for (const char* const name :
         {"count", "total_ns", "min_ns", "mean_ns", "p50_ns", "p99_ns", "max_ns", "per_second"}) {
      EXPECT_TRUE(row.as_object().at(name).is_number()) << name;
    }
  }
  EXPECT_DOUBLE_EQ(registers[0].at("per_second").to_number<double>(), 0.5);
}

TEST_F(LedgerReportTest, KvmsOwnCountsStandUnderTheTableAndInJson) {
  first.record(key(&serial, 0, true), 1);
  LedgerReport report = make_ledger_report(ledgers, seconds(1));
  EXPECT_THAT(to_table(report), testing::Not(HasSubstr("counted by KVM")));
  EXPECT_TRUE(json::parse(to_json(report)).at("kvm").is_null());
  report.kvm = {{"exits", 1234}, {"io_exits", 0}};
  for (int i = 0; i < 20; ++i)
    report.kvm.push_back({"a_rather_long_name_" + std::to_string(i), 7});
  const std::string table = to_table(report);
  EXPECT_THAT(table, HasSubstr("counted by KVM: 1,234 exits,"));
  EXPECT_THAT(table, testing::Not(HasSubstr("io_exits")));
  EXPECT_TRUE(table.ends_with("7 a_rather_long_name_19\n"));
  const json::value counts = json::parse(to_json(report)).at("kvm");
  EXPECT_EQ(counts.at("exits").to_number<int>(), 1234);
  EXPECT_EQ(counts.at("io_exits").to_number<int>(), 0);
}

TEST_F(LedgerReportTest, JsonOfNothingParses) {
  const json::object root = json::parse(to_json(make_ledger_report({}, seconds(0)))).as_object();
  EXPECT_TRUE(root.at("registers").as_array().empty());
}

}  // namespace
}  // namespace skiff
