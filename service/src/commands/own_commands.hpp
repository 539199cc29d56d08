// The commands that every service has. A function in a file of its own adds each; command_line.cpp lists them.
#pragma once

#include <eventloom/service/detail/command.hpp>

namespace eventloom {

class CommandLine;

void add_serve_command(CommandLine& line);
void add_tenant_commands(CommandLine& line);
void add_projection_commands(CommandLine& line);
void add_query_command(CommandLine& line);
void add_dead_letter_commands(CommandLine& line);
void add_follower_commands(CommandLine& line);
void add_subscription_commands(CommandLine& line);
void add_topic_commands(CommandLine& line);
void add_saga_commands(CommandLine& line);
void add_group_commands(CommandLine& line);
void add_queue_commands(CommandLine& line);
void add_job_commands(CommandLine& line);
void add_work_command(CommandLine& line);
void add_log_commands(CommandLine& line);
void add_store_commands(CommandLine& line);
void add_help_commands(CommandLine& line);

// Those below `projections`, `sagas`, `streams` and `store`.
void add_projection_history_commands(CommandLine& line, Command projections);
void add_projection_diff_commands(CommandLine& line, Command projections);
void add_saga_signal_command(CommandLine& line, Command sagas);
void add_saga_intervention_commands(CommandLine& line, Command sagas);
void add_stream_limit_commands(CommandLine& line, Command streams);
void add_scavenge_command(CommandLine& line, Command store);
void add_exchange_commands(CommandLine& line, Command store);
void add_erasure_commands(CommandLine& line, Command store);
void add_backup_commands(CommandLine& line, Command store);

} // namespace eventloom
