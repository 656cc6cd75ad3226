// The ledger for programs; the schema is in docs/ledger.md.
#include <boost/json.hpp>

#include "vmm/machine/ledger_report.h"

namespace skiff {
namespace {

namespace json = boost::json;

json::object numbers(const LedgerReport& report, const ExitSummary& exits) {
  return {
      {"count", exits.count},
      {"total_ns", exits.total_ns},
      {"min_ns", exits.min_ns},
      {"mean_ns", exits.mean_ns()},
      {"p50_ns", exits.quantile_ns(0.5)},
      {"p99_ns", exits.quantile_ns(0.99)},
      {"max_ns", exits.max_ns},
      {"per_second", report.per_second(exits.count)},
  };
}

json::object with(json::object first, const json::object& second) {
  for (const auto& member : second)
    first.emplace(member.key(), member.value());
  return first;
}

json::value text_or_null(bool has_value, std::string_view text) {
  return has_value ? json::value(json::string_view(text.data(), text.size())) : json::value();
}

json::object register_object(const LedgerReport::Register& row) {
  const bool named = row.has_direction || row.is_catch_all;
  json::object object{{"reason", text_or_null(true, reason_name(row.reason, row.is_catch_all))}};
  object["device"] = text_or_null(row.is_claimed || row.is_catch_all, row.device);
  object["register"] = text_or_null(named, row.reg);
  object["offset"] = row.has_direction ? json::value(row.offset) : json::value();
  object["direction"] = text_or_null(row.has_direction, row.is_write ? "write" : "read");
  return object;
}

}  // namespace

std::string to_json(const LedgerReport& report) {
  json::array reasons;
  for (const auto& reason : report.reasons) {
    reasons.push_back(
        with({{"reason", text_or_null(true, reason_name(reason.reason, reason.is_catch_all))}},
             numbers(report, reason.exits)));
  }
  json::array registers;
  for (const auto& row : report.registers) {
    registers.push_back(with(register_object(row), numbers(report, row.exits)));
  }
  json::array vcpus;
  for (std::size_t id = 0; id < report.vcpus.size(); ++id) {
    vcpus.push_back(with({{"vcpu", id}}, numbers(report, report.vcpus[id])));
  }
  json::array coalesced;
  for (const LedgerReport::Coalesced& row : report.coalesced) {
    coalesced.push_back(json::object{{"device", text_or_null(true, row.device)},
                                     {"register", text_or_null(true, row.reg)},
                                     {"count", row.count}});
  }
  json::object kvm;
  for (const KvmCount& count : report.kvm)
    kvm[count.name] = count.value;
  const json::object document{
      {"schema", "skiff-stats-1"},
      {"elapsed_ns", report.elapsed.count()},
      {"total", numbers(report, report.total)},
      {"reasons", std::move(reasons)},
      {"registers", std::move(registers)},
      {"vcpus", std::move(vcpus)},
      {"coalesced", std::move(coalesced)},
      {"kvm", report.kvm.empty() ? json::value() : json::value(std::move(kvm))},
  };
  return json::serialize(document) + "\n";
}

}  // namespace skiff
