using System.CommandLine;
using System.Text.Json.Nodes;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>schema apply</c>: the tables that are missing.</summary>
internal static class SchemaVerb
{
    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var apply = new Command("apply", "Create the target tables that are missing, and the control tables");
        apply.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed);
            return context.RunAsync(
                "schema",
                async engine =>
                {
                    var made = await engine.ApplySchemaAsync(token);
                    var created = new JsonArray([.. made.Select(name => (JsonNode?)name)]);
                    Console.Out.WriteLine(context.IsJson
                        ? new JsonObject { ["created"] = created, ["target"] = context.TargetJson }.ToJsonString()
                        : made.Count == 0 ? "All tables are there." : $"Created: {string.Join(", ", made)}");
                    context.PrintTarget();
                    return ExitCode.Done;
                },
                token);
        });
        return new Command("schema", "Create the tables") { apply };
    }
}
