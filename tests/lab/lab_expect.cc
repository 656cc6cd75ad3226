// lab-expect: runs a program, plays a console script against it, and says in one line what went
// wrong. Statically linked: the lab's machine has no libraries of its own.
//
//   lab-expect [--terminal] [--timeout SECONDS] [--log FILE] [--times FILE] SCRIPT COMMAND
//   [ARGUMENT...]
//
// --log gets the program's output, --times a line per step that came true: its line in the script,
// and the milliseconds since just before the program was started.
//
// Status 0 if every step came true, 1 if one did not, 2 for wrong usage or a wrong script.

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <stdexcept>

#include "tests/lab/console_script.h"
#include "tests/lab/console_session.h"

namespace skiff::lab {
namespace {

struct Options {
  bool terminal = false;
  std::chrono::seconds timeout{60};  // for each step
  std::string log = "/dev/null";
  std::string times = "/dev/null";
  std::string script;
  std::vector<std::string> command;
};

Options parse_arguments(const std::vector<std::string>& words) {
  Options options;
  size_t i = 0;
  const auto value = [&] {
    if (i + 1 >= words.size()) throw std::runtime_error(words[i] + " needs a value");
    return words[++i];
  };
  for (; i < words.size() && words[i].starts_with("--"); ++i) {
    if (words[i] == "--terminal") {
      options.terminal = true;
    } else if (words[i] == "--timeout") {
      options.timeout = std::chrono::seconds(std::stoi(value()));
    } else if (words[i] == "--log") {
      options.log = value();
    } else if (words[i] == "--times") {
      options.times = value();
    } else {
      throw std::runtime_error("unknown option " + words[i]);
    }
  }
  if (words.size() - i < 2) throw std::runtime_error("a script and a command are needed");
  options.script = words[i];
  options.command.assign(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
  return options;
}

int signal_named(const std::string& name) {
  static const std::map<std::string, int> kNames = {
      {"TERM", SIGTERM}, {"INT", SIGINT},   {"KILL", SIGKILL}, {"HUP", SIGHUP},  {"QUIT", SIGQUIT},
      {"TSTP", SIGTSTP}, {"STOP", SIGSTOP}, {"CONT", SIGCONT}, {"USR1", SIGUSR1}};
  const auto found = kNames.find(name);
  if (found == kNames.end()) throw std::runtime_error("unknown signal " + name);
  return found->second;
}

// Nothing if the step came true, else what was wrong.
std::string play(const Step& step, ConsoleSession& session, std::chrono::milliseconds limit) {
  switch (step.kind) {
    case StepKind::expect:
      return session.expect(step.text, limit) ? "" : "did not appear";
    case StepKind::send:
      return session.send(step.text, limit) ? "" : "was not taken";
    case StepKind::signal:
      session.signal(signal_named(step.text));
      return "";
    case StepKind::close:
      session.close_input();
      return "";
    case StepKind::sleep:
      session.listen(std::chrono::milliseconds(static_cast<int>(std::stod(step.text) * 1000)));
      return "";
    case StepKind::exit: {
      const auto status = session.wait_exit(limit);
      if (!status) return "but it still runs";
      return *status == std::stoi(step.text) ? "" : "but the status is " + std::to_string(*status);
    }
    case StepKind::reject:
      session.reject(step.text);
      return "";
  }
  return "";
}

const char* name_of(StepKind kind) {
  switch (kind) {
    case StepKind::expect:
      return "expect";
    case StepKind::send:
      return "send";
    case StepKind::signal:
      return "signal";
    case StepKind::close:
      return "close";
    case StepKind::sleep:
      return "sleep";
    case StepKind::exit:
      return "exit";
    case StepKind::reject:
      return "reject";
  }
  return "";
}

// On one line, as it would be written in a script.
std::string printable(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\n') {
      result += "\\n";
    } else if (c == '\r') {
      result += "\\r";
    } else {
      result += static_cast<unsigned char>(c) < ' ' ? '?' : c;
    }
  }
  return result;
}

using Clock = std::chrono::steady_clock;

bool play_all(const std::vector<Step>& steps, ConsoleSession& session, std::chrono::seconds limit,
              Clock::time_point start, std::ostream& times) {
  for (const Step& step : steps) {
    std::string problem = play(step, session, limit);
    if (const auto text = session.rejected()) {
      problem = "but \"" + printable(*text) + "\" appeared";
    }
    if (!problem.empty()) {
      std::cout << "line " << step.line << ": " << name_of(step.kind) << " \""
                << printable(step.text) << "\" " << problem << '\n';
      return false;
    }
    const auto elapsed = std::chrono::duration<double, std::milli>(Clock::now() - start);
    times << step.line << ' ' << elapsed.count() << '\n';
  }
  return true;
}

int run(const std::vector<std::string>& words) {
  const Options options = parse_arguments(words);
  std::ifstream file(options.script);
  if (!file) throw std::runtime_error("cannot read " + options.script);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::vector<Step> steps = parse_console_script(text);
  const int log = open(options.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (log < 0) throw std::runtime_error("cannot write " + options.log);
  std::ofstream times(options.times);
  if (!times) throw std::runtime_error("cannot write " + options.times);
  const auto start = Clock::now();
  ConsoleSession session(options.command, options.terminal, log);
  return play_all(steps, session, options.timeout, start, times) ? 0 : 1;
}

}  // namespace
}  // namespace skiff::lab

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return skiff::lab::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "lab-expect: " << error.what() << '\n';
    return 2;
  }
}
