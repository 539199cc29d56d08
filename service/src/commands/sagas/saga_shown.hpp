// How commands show instances of sagas.
//
//     out.table(saga_columns(), {saga_row_of(instance)});
//     return show_saga(out, sagas, "fulfilment", "17");       // with its history
#pragma once

#include <eventloom/sagas/sagas.hpp>
#include <eventloom/service/output.hpp>

#include <string>
#include <vector>

namespace eventloom {

const std::vector<Column>& saga_columns();
std::vector<Json> saga_row_of(const SagaInstance& instance);

result<void> show_saga(Output& out, const Sagas& sagas, const std::string& saga, const std::string& key,
                       std::size_t entries = 1'000);

Json json_of_pause(const std::string& saga, const SagaPause& pause);
std::string sentence_of_pause(const std::string& saga, const SagaPause& pause);
// As a warning about what is shown.
void say_what_sagas_are_paused(Output& out, const Sagas& sagas);

} // namespace eventloom
