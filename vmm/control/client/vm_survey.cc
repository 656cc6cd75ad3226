#include "vmm/control/client/vm_survey.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <string_view>

#include "vmm/control/api/vm_json.h"
#include "vmm/control/client/control_client.h"
#include "vmm/control/client/http_response.h"
#include "vmm/control/run_directory/run_files.h"

namespace skiff {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kRequest =
    "GET /v1/vm HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
// Below the usual limit of 1024 descriptors.
constexpr std::size_t kAtOnce = 256;

struct Question {
  SurveyedVm* vm = nullptr;
  VmDirectory directory;
  Fd socket;
  HttpResponseReader response{};
  std::string input{};
};

// True: there is nothing more to come.
bool take_answer(Question& question) {
  char buffer[4096];
  const ssize_t got = ::recv(question.socket.get(), buffer, sizeof buffer, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (got <= 0) return true;
  question.input.append(buffer, static_cast<std::size_t>(got));
  std::string_view rest = question.input;
  if (!question.response.put(rest)) return true;
  question.input.erase(0, question.input.size() - rest.size());
  if (!question.response.done()) return false;
  if (question.response.status() == 200) {
    question.vm->info = parse_vm_info(question.response.take_body());
  }
  return true;
}

void await_answers(std::vector<Question>& questions, Clock::time_point end) {
  while (!questions.empty()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return;
    std::vector<pollfd> waiting;
    waiting.reserve(questions.size());
    for (const Question& question : questions)
      waiting.push_back({.fd = question.socket.get(), .events = POLLIN, .revents = 0});
    ::poll(waiting.data(), waiting.size(), static_cast<int>(left));
    std::size_t index = 0;
    std::erase_if(questions, [&](Question& question) {
      return waiting[index++].revents != 0 && take_answer(question);
    });
  }
}

void ask(const RunBase& base, std::span<SurveyedVm> vms, Clock::time_point end) {
  std::vector<Question> questions;
  for (SurveyedVm& vm : vms) {
    auto directory = VmDirectory::find(base, vm.name);
    auto socket = directory ? directory->connect(run_files::kSocket, false)
                            : std::expected<Fd, int>(std::unexpected(ENOENT));
    if (socket && ::send(socket->get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL) ==
                      static_cast<ssize_t>(kRequest.size())) {
      questions.push_back(
          {.vm = &vm, .directory = *std::move(directory), .socket = *std::move(socket)});
    }
  }
  await_answers(questions, end);
}

}  // namespace

std::vector<std::string> list_vms(bool with_ended) {
  std::vector<std::string> names;
  const auto base = find_run_base();
  if (!base) return names;
  for (std::string& name : vm_names(*base)) {
    const auto directory = VmDirectory::find(*base, name);
    if (!directory || (!with_ended && directory->life() != VmLife::live)) continue;
    names.push_back(std::move(name));
  }
  return names;
}

std::vector<SurveyedVm> survey_vms(bool with_ended, std::chrono::milliseconds patience) {
  std::vector<SurveyedVm> found;
  const auto base = find_run_base();
  if (!base) return found;
  for (const std::string& name : vm_names(*base)) {
    const auto directory = VmDirectory::find(*base, name);
    if (!directory) continue;
    SurveyedVm vm{.name = name, .life = directory->life(), .info = std::nullopt};
    if (vm.life != VmLife::live && !with_ended) continue;
    if (vm.life == VmLife::ended) vm.info = ended_vm_info(*directory);
    found.push_back(std::move(vm));
  }
  const auto middle = std::partition(found.begin(), found.end(),
                                     [](const SurveyedVm& vm) { return vm.life == VmLife::live; });
  const auto end = Clock::now() + patience;
  for (std::span<SurveyedVm> rest(found.begin(), middle); !rest.empty();) {
    const auto some = rest.first(std::min(rest.size(), kAtOnce));
    ask(*base, some, end);
    rest = rest.subspan(some.size());
  }
  std::sort(found.begin(), found.end(),
            [](const SurveyedVm& a, const SurveyedVm& b) { return a.name < b.name; });
  return found;
}

}  // namespace skiff
