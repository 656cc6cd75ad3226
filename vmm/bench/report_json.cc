#include "vmm/bench/report_json.h"

#include <boost/json.hpp>

#include "vmm/bench/comparisons.h"
#include "vmm/bench/guest_words.h"

namespace skiff::bench {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostText = 500;

json::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

json::object metrics_object(const CellReport& cell) {
  json::object object;
  for (const MetricSpec& spec : metric_specs()) {
    const auto& stat = cell.metrics[spec.metric];
    if (!stat) continue;
    object[view(spec.key)] = json::object{{"median", stat->median},
                                          {"min", stat->least},
                                          {"max", stat->most},
                                          {"spread", stat->spread()}};
  }
  return object;
}

json::object cell_object(const CellReport& cell) {
  json::array exits;
  for (const ExitRate& row : cell.exits) {
    exits.push_back(json::object{{"reason", row.reason},
                                 {"device", row.device},
                                 {"register", row.reg},
                                 {"direction", row.direction},
                                 {"per_request", row.per_request},
                                 {"skiff_ns", row.ns}});
  }
  json::object kvm;
  for (const KvmRate& row : cell.kvm)
    kvm[row.name] = row.per_request;
  json::array threads;
  for (const ThreadRate& row : cell.threads) {
    threads.push_back(
        json::object{{"name", row.name}, {"user_us", row.user_us}, {"kernel_us", row.kernel_us}});
  }
  json::array latency;
  for (const auto& [ns, count] : cell.latency)
    latency.push_back(json::array{ns, count});
  return {
      {"id", cell.name.id()},          {"group", cell.name.group},
      {"setup", cell.name.setup},      {"cell", cell.name.cell},
      {"monitor", cell.monitor},       {"trouble", cell.trouble},
      {"skipped", cell.is_skipped},    {"runs", cell.runs},
      {"requests", cell.requests},     {"failed", cell.failed},
      {"noisy", cell.is_noisy()},      {"metrics", metrics_object(cell)},
      {"exits", std::move(exits)},     {"kvm", std::move(kvm)},
      {"threads", std::move(threads)}, {"latency_ns", std::move(latency)},
  };
}

// Members that are missing or of another kind keep their defaults.
std::string text_of(const json::object& object, const char* name) {
  const json::value* const value = object.if_contains(name);
  const json::string* const text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : printable_text({text->data(), text->size()}, kMostText);
}

double real_of(const json::object& object, const char* name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return 0;
  boost::system::error_code error;
  const double number = value->to_number<double>(error);
  return error ? 0 : number;
}

// A count that a report can have: nothing negative, nothing that is no whole number.
std::uint64_t count_of(const json::object& object, const char* name) {
  const double number = real_of(object, name);
  return number >= 0 && number < 1e15 ? static_cast<std::uint64_t>(number) : 0;
}

bool flag_of(const json::object& object, const char* name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

void read_metrics(const json::object& object, CellReport& cell) {
  for (const MetricSpec& spec : metric_specs()) {
    const json::value* const value = object.if_contains(view(spec.key));
    const json::object* const stat = value == nullptr ? nullptr : value->if_object();
    if (stat == nullptr) continue;
    cell.metrics[spec.metric] = Stat{.median = real_of(*stat, "median"),
                                     .least = real_of(*stat, "min"),
                                     .most = real_of(*stat, "max"),
                                     .runs = cell.runs};
  }
}

CellReport read_cell(const json::object& object) {
  CellReport cell{.name = {.group = text_of(object, "group"),
                           .setup = text_of(object, "setup"),
                           .cell = text_of(object, "cell")},
                  .monitor = text_of(object, "monitor"),
                  .trouble = text_of(object, "trouble"),
                  .is_skipped = flag_of(object, "skipped")};
  cell.runs = count_of(object, "runs");
  cell.requests = count_of(object, "requests");
  cell.failed = count_of(object, "failed");
  const json::value* const metrics = object.if_contains("metrics");
  if (metrics != nullptr && metrics->is_object()) read_metrics(metrics->get_object(), cell);
  return cell;
}

}  // namespace

std::string to_json(const Report& report) {
  json::object host;
  for (const auto& [name, value] : report.host)
    host[name] = value;
  json::array cells;
  for (const CellReport& cell : report.cells)
    cells.push_back(cell_object(cell));
  json::array comparisons;
  for (const Comparison& comparison : compare_cells(report)) {
    comparisons.push_back(json::object{{"title", comparison.title}, {"text", comparison.text}});
  }
  json::array notes;
  for (const std::string& note : report.notes)
    notes.push_back(json::string(note));
  for (const std::string& warning : warnings_of(report))
    notes.push_back(json::string(warning));
  const json::object document{
      {"schema", view(kSchema)},
      {"skiff", report.skiff_version},
      {"started", report.started},
      {"seconds", report.seconds},
      {"selection", report.selection},
      {"runs", report.wanted_runs},
      {"partial", report.is_partial},
      {"host", std::move(host)},
      {"notes", std::move(notes)},
      {"cells", std::move(cells)},
      {"comparisons", std::move(comparisons)},
  };
  return json::serialize(document) + "\n";
}

std::optional<Report> parse_report(std::string_view text, std::string& why) {
  boost::system::error_code error;
  const json::value document = json::parse(view(text), error);
  if (error) {
    why = "is no JSON: " + error.message();
    return std::nullopt;
  }
  const json::object* const object = document.if_object();
  const json::value* const cells = object == nullptr ? nullptr : object->if_contains("cells");
  if (cells == nullptr || !cells->is_array() || text_of(*object, "schema") != kSchema) {
    why = "is no report of `skiff bench --json`";
    return std::nullopt;
  }
  Report report{.skiff_version = text_of(*object, "skiff"),
                .started = text_of(*object, "started"),
                .selection = text_of(*object, "selection")};
  report.seconds = real_of(*object, "seconds");
  report.wanted_runs = count_of(*object, "runs");
  report.is_partial = flag_of(*object, "partial");
  if (const json::value* const host = object->if_contains("host"); host && host->is_object()) {
    for (const auto& fact : host->get_object()) {
      const std::string name(fact.key().data(), fact.key().size());
      report.host.emplace_back(printable_text(name, kMostText),
                               text_of(host->get_object(), name.c_str()));
    }
  }
  for (const json::value& cell : cells->get_array()) {
    if (cell.is_object()) report.cells.push_back(read_cell(cell.get_object()));
  }
  return report;
}

}  // namespace skiff::bench
