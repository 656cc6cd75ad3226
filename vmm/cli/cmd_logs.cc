// `skiff logs`.
#include <fmt/core.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>

#include "vmm/base/error.h"
#include "vmm/cli/arguments.h"
#include "vmm/cli/command_line.h"
#include "vmm/cli/command_spec.h"
#include "vmm/cli/log_times.h"
#include "vmm/cli/print.h"
#include "vmm/control/client/control_client.h"
#include "vmm/control/run_directory/run_files.h"

namespace skiff {
namespace {

constexpr auto kLogsOptions = std::to_array<OptionSpec>({
    {.names = "--follow,-f",
     .value = "",
     .help = "Go on with what is written from now on, until the VM has ended."},
    {.names = "--since",
     .value = "TIME",
     .help = "Only from then on: a time (2026-01-31T12:00, local; or with Z or +01:00) or how long "
             "ago (90s, 15m, 2h, 1d)."},
    {.names = "--vmm",
     .value = "",
     .help = "Skiff's own messages, of a detached VM, instead of what the guest has printed."},
});

constexpr auto kLogsExamples = std::to_array<ExampleSpec>({
    {"skiff logs web", "what the guest has printed"},
    {"skiff logs -f --since 5m web", "of the last five minutes, and what comes"},
    {"skiff logs --vmm web", "what Skiff has to say about it"},
});

// Prints what is between the file's offset and its end; whether there was anything.
bool print_rest(int file, LogFilter& filter) {
  bool any = false;
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return any;
    any = true;
    print_all(filter.feed({buffer.data(), static_cast<std::size_t>(got)}));
  }
}

void follow(const VmDirectory& directory, const char* name, Fd file, LogFilter& filter) {
  // Without it (the limit of watches) the file is looked at twice a second.
  const Fd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  ::inotify_add_watch(watch.get(), directory.path().c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO);
  for (;;) {
    const bool ended = directory.life() != VmLife::live;
    print_rest(file.get(), filter);
    // Rotated: the name is another file's by now.
    Fd current = directory.open(name);
    if (current && !directory.is_still(file.get(), name)) {
      print_rest(file.get(), filter);
      file = std::move(current);
      continue;
    }
    if (ended) return;
    pollfd changed{.fd = watch.get(), .events = POLLIN, .revents = 0};
    ::poll(&changed, 1, 500);
    std::array<char, 4096> events;
    while (::read(watch.get(), events.data(), events.size()) > 0) {
    }
  }
}

int logs_main(const Arguments& arguments) {
  std::optional<LogTime> since;
  if (const auto text = arguments.last("--since")) {
    since = parse_since(*text, std::chrono::system_clock::now());
    if (!since) {
      throw UsageError(fmt::format(
          "--since is \"{}\"; it must be a time such as 2026-01-31T12:00, or 90s, 15m, 2h, 1d",
          *text));
    }
  }
  const VmDirectory directory = find_vm(arguments.operand);
  const bool vmm = arguments.has("--vmm");
  const char* const name = vmm ? run_files::kLog : run_files::kConsoleLog;
  Fd file = directory.open(name);
  if (!file && errno == ENOENT) {
    throw HostError(fmt::format(
        "{} has no log of {}", arguments.operand,
        vmm ? "Skiff's messages: they went to its terminal, or to --log-file" : "its console"));
  }
  if (!file)
    throw HostError::from_errno(fmt::format("cannot read {}/{}", directory.path(), name), errno);
  LogFilter filter(since);
  if (arguments.has("--follow")) {
    follow(directory, name, std::move(file), filter);
  } else {
    print_rest(file.get(), filter);
  }
  return print_all(filter.finish());
}

constexpr CommandSpec kLogsSpec = {
    .name = "logs",
    .operands = "NAME",
    .summary = "print what a VM's guest, or Skiff, has written",
    .description =
        "Prints the log of the VM's console; with --vmm that of Skiff's own messages. Also of VMs "
        "that have ended, until `skiff rm` or a new VM of the same name.",
    .options = kLogsOptions,
    .examples = kLogsExamples,
    .operand_completion = Completion::any_vm,
    .least_operands = 1,
    .run = logs_main,
};

}  // namespace

const CommandSpec& logs_command() {
  return kLogsSpec;
}

}  // namespace skiff
