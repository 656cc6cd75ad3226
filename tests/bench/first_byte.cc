// Time from exec to the first byte on stdout, of several commands in turn (A B C A B C ...), so
// that a machine whose speed drifts drifts for all of them alike.
//
//   first_byte [-n RUNS] NAME COMMAND [NAME COMMAND]...     COMMAND: words separated by blanks
//
// One warm-up each, then RUNS counted ones. Prints minimum, median, maximum in ms, and the ratio of
// the medians to the first command's. The clock starts before fork; the child is sent SIGKILL when
// its first byte has come, and reaped before the next start.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct Command {
  std::string name;
  std::vector<std::string> words;
  std::vector<double> times;  // [ms]
};

std::vector<std::string> split(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;)
    words.push_back(word);
  return words;
}

[[noreturn]] void become(const Command& command, int output) {
  std::vector<char*> arguments;
  for (const std::string& word : command.words)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, 0);
  ::dup2(output, 1);
  ::dup2(null, 2);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

// Milliseconds, or a negative number if the command ended without a byte.
double run_once(const Command& command) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return -1;
  const auto from = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) become(command, ends[1]);
  ::close(ends[1]);
  char byte = 0;
  const ssize_t got = ::read(ends[0], &byte, 1);
  const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - from;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  return got == 1 ? elapsed.count() : -1;
}

}  // namespace

int main(int argc, char** argv) {
  int runs = 10;
  int at = 1;
  if (argc > 2 && std::string(argv[1]) == "-n") {
    runs = std::max(1, std::atoi(argv[2]));
    at = 3;
  }
  std::vector<Command> commands;
  for (; at + 1 < argc; at += 2)
    commands.push_back({argv[at], split(argv[at + 1]), {}});
  if (commands.empty()) {
    std::fprintf(stderr, "usage: first_byte [-n RUNS] NAME COMMAND [NAME COMMAND]...\n");
    return 2;
  }
  for (int run = 0; run <= runs; ++run) {
    for (Command& command : commands) {
      const double ms = run_once(command);
      if (ms < 0) {
        std::fprintf(stderr, "first_byte: %s ended without a byte on stdout\n",
                     command.name.c_str());
        return 1;
      }
      if (run > 0) command.times.push_back(ms);
    }
  }
  std::printf("%-24s %8s %8s %8s %8s\n", "exec to first byte [ms]", "min", "median", "max",
              "ratio");
  double first_median = 0;
  for (Command& command : commands) {
    std::ranges::sort(command.times);
    const double median = command.times[command.times.size() / 2];
    if (first_median == 0) first_median = median;
    std::printf("%-24s %8.2f %8.2f %8.2f %8.2f\n", command.name.c_str(), command.times.front(),
                median, command.times.back(), median / first_median);
  }
  return 0;
}
