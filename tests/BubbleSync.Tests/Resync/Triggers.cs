namespace BubbleSync.Tests.Resync;

/// <summary>Statements that create triggers.</summary>
internal static class Triggers
{
    public static string Trigger(string name, string when, string body) =>
        $"create function {name}() returns trigger language plpgsql as $x$ begin {body}; end $x$; "
        + $"create trigger {name} {when} on agent for each row execute function {name}()";
}
