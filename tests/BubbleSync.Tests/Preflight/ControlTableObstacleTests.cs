using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Preflight;

/// <summary>Control and staging tables of others: a run says what the doctor says, before it reads; a lock on them is no obstacle.</summary>
public sealed class ControlTableObstacleTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
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
