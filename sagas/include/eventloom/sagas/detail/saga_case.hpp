// One case of a test of a saga, in compiled code: what has happened to an instance, and what it asks for next.
//
//     SagaCase one{reservation(), "17"};
//     one.hear(description_of<Requested>, &event);
//     one.asked_for();                                   // the first step's command
//
// For testing.hpp. Threads: values.
#pragma once

#include <eventloom/sagas/sagas.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

namespace eventloom {
struct CommandType;
}

namespace eventloom::testing {

// What a saga asks for.
struct AskedFor {
    enum class Kind : std::uint8_t { send, call, run, wake, wake_off, end };

    Kind kind           = Kind::send;
    const void* command = nullptr; // of a send: the table of its type (command_type); of a run: that of the data
    std::string stream;            // of the receiver, or the saga that is run
    const std::type_info* request = nullptr;
    std::shared_ptr<const void> value; // the command or request
    std::string timer;                 // the name of its struct
    std::string bytes;                 // of the timer
    Time at{};                         // when the timer is due
    std::string code;                  // of the failure that it ends with
    std::string name;                  // for people
};

class SagaCase {
public:
    SagaCase(Saga saga, std::string key);
    SagaCase(SagaCase&& other) noexcept;
    ~SagaCase();

    void hear(const eventloom::detail::Description& type, std::string_view name, const void* fact);
    void all_done();
    void answered(const std::type_info& request, const void* answer);
    void refused(const std::string& code);
    void unavailable(const std::string& code);
    void later(Duration span);

    // Steps: what is to be done now. Handlers: what the last thing that has happened has led to.
    const std::vector<AskedFor>& asked_for() const;
    Time now() const;
    SagaStatus status() const;
    std::string why() const; // code of its failure, or of that with which it is stuck
    std::string state_json() const;
    // Why the case makes no sense: the saga does not hear the event, or nothing was asked for that could be answered. Else empty.
    const std::string& trouble() const;
    std::string text() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace eventloom::testing
