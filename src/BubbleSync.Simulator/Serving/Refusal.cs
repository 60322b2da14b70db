using System.Text.Encodings.Web;
using static System.FormattableString;

namespace BubbleSync.Simulator.Serving;

/// <summary>A request that Bubble would refuse, with the answer it would give: an error in one of its two shapes.</summary>
internal sealed class Refusal : Exception
{
    private Refusal(int status, string body)
        : base(body) => Status = status;

    public int Status { get; }

    public static Refusal MissingRecord(string type, string id) =>
        Nested(404, "MISSING_DATA", $"Missing object of type {type}: object with id {id} does not exist");

    public static Refusal MissingType(string type) => Nested(404, "NOT_FOUND", $"Type not found {type}");

    public static Refusal MissingConstraint(string constraint, string field, string type) =>
        Nested(404, "NOT_FOUND", $"Constraint type not found {constraint} for field {field} and type {type}");

    public static Refusal UnknownField(string name) => Bad($"Unrecognized field: {name}");

    public static Refusal Bad(string message) => Nested(400, "ERROR", message);

    public static Refusal NotAllowed() => Nested(405, "ERROR", "Method not allowed");

    // Bubble itself gives the token away here.
    public static Refusal BadToken(string token) =>
        new(401, $$"""{"error_class":"Unauthorized","translation":"Invalid or expired token: {{Escape(token)}}"}""");

    public static string Escape(string text) => JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text);

    private static Refusal Nested(int status, string name, string message) =>
        new(status, Invariant($$$"""{"statusCode":{{{status}}},"body":{"status":"{{{name}}}","message":"{{{Escape(message)}}}"}}"""));
}
