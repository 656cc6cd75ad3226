#include "vmm/bench/host_facts.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "vmm/bench/guest_words.h"

namespace skiff::bench {

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::string text(64 * 1024, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  while (text.ends_with('\n'))
    text.pop_back();
  return text;
}

namespace {

namespace fs = std::filesystem;

std::string or_unknown(const std::string& text) {
  return text.empty() ? "not told" : printable_text(text, 300);
}

std::string halt_polling() {
  const std::string ns = read_text("/sys/module/kvm/parameters/halt_poll_ns");
  return ns.empty() ? "not told" : printable_text(ns, 20) + " ns";
}

std::vector<std::pair<std::string, std::string>> vulnerabilities() {
  std::vector<std::pair<std::string, std::string>> files;
  std::error_code error;
  for (const auto& entry :
       fs::directory_iterator("/sys/devices/system/cpu/vulnerabilities", error)) {
    files.emplace_back(entry.path().filename().string(), read_text(entry.path().string()));
  }
  std::ranges::sort(files);
  return files;
}

std::string join(const std::vector<int>& numbers) {
  std::string text;
  for (const int number : numbers)
    text += fmt::format("{}{}", text.empty() ? "" : ",", number);
  return text;
}

}  // namespace

std::string cpu_model(std::string_view cpuinfo) {
  constexpr std::string_view kKey = "model name";
  const auto at = cpuinfo.find(kKey);
  if (at == std::string_view::npos) return "not told";
  std::string_view line = cpuinfo.substr(at + kKey.size());
  line = line.substr(0, line.find('\n'));
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return "not told";
  line.remove_prefix(std::min(line.size(), colon + 1));
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
  return printable_text(line, 100);
}

std::string mitigations_text(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string text;
  for (const auto& [name, value] : files) {
    if (!value.starts_with("Mitigation") && !value.starts_with("Vulnerable")) continue;
    const std::string_view kind =
        value.starts_with("Vulnerable") ? " (vulnerable)" : std::string_view();
    text += fmt::format("{}{}{}", text.empty() ? "" : ", ", printable_text(name, 40), kind);
  }
  return text.empty() ? "none" : text;
}

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) cpus.push_back(cpu);
  }
  return cpus;
}

Pinning pinning_of(const std::vector<int>& cpus, std::uint32_t vcpus) {
  if (cpus.size() < 2) return {};
  const std::size_t own = std::min<std::size_t>(vcpus, cpus.size());
  const auto middle = cpus.begin() + static_cast<std::ptrdiff_t>(own);
  Pinning pinning{.vcpus = {cpus.begin(), middle}, .others = {middle, cpus.end()}};
  if (pinning.others.empty()) pinning.others.push_back(cpus.back());
  return pinning;
}

std::string to_text(const Pinning& pinning) {
  if (pinning.vcpus.empty()) return "no thread is pinned";
  return fmt::format("vCPU on processor {}, everything else on {}", join(pinning.vcpus),
                     join(pinning.others));
}

HostFacts host_facts() {
  utsname name{};
  ::uname(&name);
  HostFacts facts;
  facts.emplace_back("CPU", cpu_model(read_text("/proc/cpuinfo")));
  facts.emplace_back("processors", std::to_string(::sysconf(_SC_NPROCESSORS_ONLN)));
  facts.emplace_back(
      "governor", or_unknown(read_text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")));
  facts.emplace_back("kernel", fmt::format("{} {}", name.sysname, name.release));
  facts.emplace_back("KVM", kvm_kind());
  facts.emplace_back("halt polling", halt_polling());
  facts.emplace_back("mitigations", mitigations_text(vulnerabilities()));
  facts.emplace_back(
      "clock source",
      or_unknown(read_text("/sys/devices/system/clocksource/clocksource0/current_clocksource")));
  facts.emplace_back("load at the start", or_unknown(read_text("/proc/loadavg")));
  return facts;
}

}  // namespace skiff::bench
