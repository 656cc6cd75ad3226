// What is answered to whom, without HTTP's bytes.
#include "vmm/control/api/routes.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_vm_control.h"

namespace skiff::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RoutesTest : public testing::Test {
 protected:
  ApiAnswer ask(std::string_view method, std::string_view target, std::string_view body = {},
                std::string_view upgrade = {}) {
    HttpRequest request;
    request.method = method;
    request.body = body;
    request.upgrade = upgrade;
    EXPECT_TRUE(split_target(target, request));
    return answer(vm_, request);
  }

  FakeVmControl vm_;
};

TEST_F(RoutesTest, ActionsAreDoneAndTheStateIsTold) {
  for (const std::string action : {"pause", "resume", "reset", "nmi", "power-button"}) {
    vm_.asked.clear();
    const ApiAnswer reply = ask("POST", "/v1/" + action);
    EXPECT_EQ(reply.status, 200);
    EXPECT_THAT(reply.body, HasSubstr("\"state\":\"running\""));
    EXPECT_THAT(vm_.asked, ElementsAre(action));
  }
}

TEST_F(RoutesTest, EveryKindOfNoHasItsStatus) {
  const std::pair<ControlError::Kind, int> kinds[] = {{ControlError::Kind::not_found, 404},
                                                      {ControlError::Kind::bad_request, 400},
                                                      {ControlError::Kind::conflict, 409},
                                                      {ControlError::Kind::unsupported, 501},
                                                      {ControlError::Kind::failed, 500}};
  for (const auto& [kind, status] : kinds) {
    vm_.result = std::unexpected(ControlError{.kind = kind, .message = "because"});
    for (const ApiAnswer& reply :
         {ask("POST", "/v1/pause"), ask("POST", "/v1/stop"),
          ask("PATCH", "/v1/devices/disk0", "{\"resize\":true}"), ask("GET", "/v1/why"),
          ask("GET", "/v1/console", "", "skiff-console")}) {
      EXPECT_EQ(reply.status, status);
      EXPECT_THAT(reply.body, HasSubstr("\"message\":\"because\""));
    }
  }
}

TEST_F(RoutesTest, UnknownPathsAndWrongMethods) {
  EXPECT_EQ(ask("GET", "/").status, 404);
  EXPECT_EQ(ask("GET", "/v1/vm/").status, 404);
  EXPECT_EQ(ask("GET", "/v1/consoles/").status, 404);
  EXPECT_EQ(ask("GET", "/v2/vm").status, 404);
  const ApiAnswer reply = ask("DELETE", "/v1/vm");
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.allow, "GET");
  EXPECT_EQ(ask("GET", "/v1/devices/disk0").allow, "PATCH");
  EXPECT_THAT(vm_.asked, IsEmpty());
}

TEST_F(RoutesTest, StopTakesItsSettings) {
  EXPECT_EQ(ask("POST", "/v1/stop", "{\"timeout\":7}").status, 202);
  EXPECT_EQ(vm_.stop_request.timeout, 7U);
  EXPECT_FALSE(vm_.stop_request.force);
  ask("POST", "/v1/stop");
  EXPECT_FALSE(vm_.stop_request.timeout);
}

TEST_F(RoutesTest, WhatIsWrongIsNamed) {
  const std::pair<std::string_view, std::string_view> bodies[] = {
      {"{\"force\":1}", "force"},
      {"{\"timeout\":-1}", "timeout"},
      {"{\"timeout\":1.5}", "timeout"},
      {"{\"timeout\":99999999}", "timeout"},
      {"{\"fast\":true}", "fast"},
      {"[]", "body"},
      {"{", "body"},
      {"[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]", "body"},
  };
  for (const auto& [body, field] : bodies) {
    const ApiAnswer reply = ask("POST", "/v1/stop", body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_THAT(reply.body, HasSubstr(fmt::format("\"field\":\"{}\"", field)));
  }
  EXPECT_EQ(ask("POST", "/v1/pause", "{\"x\":1}").status, 400);
  EXPECT_THAT(vm_.asked, IsEmpty());
}

TEST_F(RoutesTest, DeviceChanges) {
  const ApiAnswer reply =
      ask("PATCH", "/v1/devices/net%200",
          R"({"link":false,"receive_bytes":{"per_second":10,"burst":20},"bandwidth":{"burst":3}})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(vm_.asked, ElementsAre("change net 0"));
  EXPECT_EQ(vm_.change.link, false);
  EXPECT_EQ(vm_.change.receive_bytes->per_second, 10U);
  EXPECT_EQ(vm_.change.receive_bytes->burst, 20U);
  EXPECT_FALSE(vm_.change.bandwidth->per_second);
  EXPECT_FALSE(vm_.change.operations);
  for (const auto& [body, field] :
       {std::pair{R"({"operations":5})", "operations"},
        std::pair{R"({"operations":{}})", "operations"},
        std::pair{R"({"operations":{"burst":"x"}})", "operations.burst"},
        std::pair{R"({"operations":{"rate":1}})", "operations.rate"}}) {
    EXPECT_THAT(ask("PATCH", "/v1/devices/d", body).body,
                HasSubstr(fmt::format("\"field\":\"{}\"", field)));
  }
}

TEST_F(RoutesTest, ConsolesAreShownAndFound) {
  vm_.console_list = {{.name = "com1"}, {.name = "hvc0", .is_main = true}};
  EXPECT_THAT(ask("GET", "/v1/consoles").body, HasSubstr("\"name\":\"hvc0\",\"main\":true"));
  EXPECT_THAT(ask("GET", "/v1/console").body, HasSubstr("\"name\":\"hvc0\""));
  EXPECT_THAT(ask("GET", "/v1/consoles/com1").body, HasSubstr("\"name\":\"com1\""));
  EXPECT_EQ(ask("GET", "/v1/consoles/com2").status, 404);
}

TEST_F(RoutesTest, AttachingNeedsTheRightWords) {
  EXPECT_EQ(ask("GET", "/v1/console", "", "websocket").status, 400);
  for (const auto& [query, field] :
       {std::pair{"write=yes", "write"}, std::pair{"rows=65536", "rows"},
        std::pair{"columns=", "columns"}, std::pair{"colour=red", "colour"}}) {
    const ApiAnswer reply = ask("GET", std::string("/v1/console?") + query, "", "skiff-console");
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(reply.body, HasSubstr(fmt::format("\"field\":\"{}\"", field)));
  }
  EXPECT_THAT(vm_.asked, IsEmpty());
  EXPECT_EQ(
      ask("GET", "/v1/console?steal=true&replay=false&columns=80", "", "skiff-console").status,
      101);
  EXPECT_TRUE(vm_.attach.steal);
  EXPECT_FALSE(vm_.attach.replay);
  EXPECT_EQ(vm_.attach.columns, 80);
}

TEST_F(RoutesTest, EventsAndWait) {
  EXPECT_TRUE(std::holds_alternative<ApiAnswer::UntilEnd>(ask("GET", "/v1/wait").then));
  EXPECT_EQ(std::get<ApiAnswer::Events>(ask("GET", "/v1/events?after=3").then).after, 3U);
  EXPECT_EQ(ask("GET", "/v1/events?after=x").status, 400);
  EXPECT_EQ(ask("GET", "/v1/events?since=3").status, 400);
}

TEST_F(RoutesTest, WhatAClientSentIsNotEchoedAtLength) {
  EXPECT_LT(ask("GET", "/" + std::string(8000, 'x')).body.size(), 300U);
  EXPECT_LT(ask("POST", "/v1/stop", "{\"" + std::string(60'000, 'x') + "\":1}").body.size(), 400U);
}

// The other direction is tests/kvm/process/openapi_check.py's.
TEST_F(RoutesTest, EveryRouteIsInTheDescription) {
  for (const ApiRoute& route : api_routes()) {
    const std::string path = fmt::format("\n  {}:\n", route.path);
    const auto at = openapi_text().find(path);
    ASSERT_NE(at, std::string_view::npos) << route.path;
    std::string_view section = openapi_text().substr(at + path.size());
    section = section.substr(0, section.find("\n  /"));
    std::string method = fmt::format("    {}:\n", route.method);
    for (char& c : method)
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    EXPECT_THAT(std::string(section), HasSubstr(method)) << route.path;
  }
}

}  // namespace
}  // namespace skiff::test
