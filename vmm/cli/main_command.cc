#include "vmm/cli/main_command.h"

#include <fmt/core.h>

#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "vmm/base/error.h"
#include "vmm/base/exit_status.h"
#include "vmm/base/log.h"
#include "vmm/cli/arguments.h"
#include "vmm/cli/command_line.h"
#include "vmm/cli/command_spec.h"
#include "vmm/cli/help_text.h"
#include "vmm/cli/print.h"
#include "vmm/cli/version.h"

namespace skiff {
namespace {

// Errors go to stderr as they are: with a place in front they are read by editors.
void complain(std::string_view prefix, std::string_view text) {
  std::fprintf(stderr, "%.*s%.*s%s", static_cast<int>(prefix.size()), prefix.data(),
               static_cast<int>(text.size()), text.data(), text.ends_with('\n') ? "" : "\n");
}

int dispatch(const std::vector<std::string>& words) {
  const Arguments arguments = parse_command_line(words);
  const CommandSpec* command = arguments.command;
  if (arguments.has("--help")) {
    return print_all(help_text(command == nullptr ? program_spec() : *command));
  }
  if (arguments.has("--version")) return print_all(fmt::format("skiff {}\n", version()));
  if (command == nullptr) {
    complain("", help_text(program_spec()));
    return exit_status::kUsage;
  }
  const auto level = arguments.last("--log-level");
  const auto file = arguments.last("--log-file");
  if (file && file->empty()) throw UsageError("--log-file needs the name of a file");
  if (level || file) {
    log_setup(level ? parse_log_level(*level).value_or(LogLevel::warning) : LogLevel::warning,
              file.value_or(""));
  }
  const int status = command->run(arguments);
  log_flush();
  return status;
}

}  // namespace

int main_command(int argc, char** argv) noexcept {
  try {
    return dispatch(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const UsageError& error) {
    complain("skiff: ", error.what());
    return exit_status::kUsage;
  } catch (const ConfigError& error) {
    complain("", error.what());
    return exit_status::kUsage;
  } catch (const HostError& error) {
    complain("skiff: ", error.what());
    return exit_status::kHost;
  } catch (const std::bad_alloc&) {
    complain("skiff: ", kOutOfMemory);
    return exit_status::kHost;
  } catch (const std::exception& error) {
    complain("skiff: internal error: ", error.what());
    return exit_status::kHost;
  }
}

}  // namespace skiff
