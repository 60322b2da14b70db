using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Preflight;

/// <summary>Control and staging tables of others: a run says what the doctor says, before it reads; a lock on them is no obstacle.</summary>
public sealed class ControlTableObstacleTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task An_upgrade_by_a_user_who_may_make_nothing_is_left_to_the_owner()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        var role = await scene.AsUserAsync();
        await scene.ExecuteAsync($"delete from bubblesync.schema_version where version > 4; revoke create on schema bubblesync from {role}");

        await scene.AssertStopsAsync("control tables", "have version 4 and are to be upgraded to", "Run 'bubblesync schema apply' once as their owner");
    }

    [Fact]
    public async Task The_event_trigger_is_found_by_the_whole_name_of_its_function()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync(
            "create function public.shape() returns event_trigger language plpgsql as $x$ begin end $x$; "
            + "create event trigger a_notice on ddl_command_end execute function public.shape(); "
            + "create schema guards; create function guards.keep_shape() returns event_trigger language plpgsql as $x$ begin "
            + "raise exception 'no DDL here'; end $x$; "
            + "create event trigger guard on ddl_command_start when tag in ('CREATE TABLE') execute function guards.keep_shape()");

        var message = await scene.AssertStopsAsync("staging tables", "event trigger 'guard' refuses");
        await scene.FollowAsync(message, "alter event trigger");

        await scene.AssertSyncsAsync();
    }
}
