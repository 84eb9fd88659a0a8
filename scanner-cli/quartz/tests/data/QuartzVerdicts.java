import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.TimeZone;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.quartz.CronExpression;

/**
 * Asks Quartz what it makes of cron expressions. `cargo xtask quartz` compiles and runs this.
 *
 * <p>Arguments: how many times to list, then pairs of a time zone and a time to start after. Standard input: one
 * expression per line, with {@code \t}, {@code \n} and {@code \}{@code uXXXX} for characters that cannot stand in a line.
 * Standard output: the expression and {@code refused}, or {@code valid} and one column of times for each pair, separated by
 * tabs. {@code end} says that no time follows, {@code hangs} that Quartz gave no answer within three seconds.
 */
public class QuartzVerdicts {
    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[0]);
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        InputStreamReader in = new InputStreamReader(System.in, StandardCharsets.UTF_8);
        for (String line : (Iterable<String>) new BufferedReader(in).lines()::iterator) {
            out.print(line);
            boolean isValid = expression(line) != null;
            out.print(isValid ? "\tvalid" : "\trefused");
            String times = "";
            for (int i = 1; isValid && i < arguments.length; i += 2) {
                // What hangs once is not asked again.
                times = times.equals("hangs")
                        ? times
                        : times(expression(line), count, arguments[i], arguments[i + 1]);
                out.print("\t" + times);
            }
            out.println();
        }
        out.flush();
        System.exit(0);
    }

    /** The expression in a line; nothing if Quartz refuses it. */
    private static CronExpression expression(String line) throws InterruptedException {
        return answer(() -> new CronExpression(unescape(line)));
    }

    private static String times(CronExpression expression, int count, String zone, String start) throws Exception {
        expression.setTimeZone(TimeZone.getTimeZone(zone));
        String times = answer(() -> {
            StringBuilder list = new StringBuilder();
            Date time = Date.from(Instant.parse(start));
            for (int i = 0; i < count && time != null; i++) {
                time = expression.getNextValidTimeAfter(time);
                list.append(i == 0 ? "" : " ").append(time == null ? "end" : time.toInstant().toString());
            }
            return list.toString();
        });
        return times == null ? "hangs" : times;
    }

    /** What the question gives; nothing if it fails or takes too long. */
    @SuppressWarnings("removal")
    private static <T> T answer(Callable<T> question) throws InterruptedException {
        FutureTask<T> task = new FutureTask<>(question);
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        thread.start();
        try {
            return task.get(3, TimeUnit.SECONDS);
        } catch (ExecutionException none) {
            return null;
        } catch (TimeoutException endless) {
            // Quartz heeds no interruption. From Java 20 on this fails, and the thread is left behind.
            try {
                thread.stop();
            } catch (UnsupportedOperationException leftBehind) {
                System.err.println("a question without an answer goes on");
            }
            return null;
        }
    }

    private static String unescape(String line) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < line.length(); i++) {
            if (line.charAt(i) != '\\') {
                text.append(line.charAt(i));
                continue;
            }
            i++;
            switch (line.charAt(i)) {
                case 't':
                    text.append('\t');
                    break;
                case 'n':
                    text.append('\n');
                    break;
                default:
                    text.append((char) Integer.parseInt(line.substring(i + 1, i + 5), 16));
                    i += 4;
            }
        }
        return text.toString();
    }
}
