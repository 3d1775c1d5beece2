def log = new File(basedir, 'build.log').text
assert log.contains('Tests run: 4, Failures: 0, Errors: 0, Skipped: 0') : 'the four tests did not run, or not all passed'
assert !log.contains('restricted method') : 'the JVM warned about native access'
